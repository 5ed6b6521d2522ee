"""Node types, one file each. A new file here is all that a new activity needs."""

from journeys.nodes.base import node_types

__all__ = ["node_types"]
