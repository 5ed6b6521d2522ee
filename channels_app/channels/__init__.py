"""Channels, one folder each, with a file for each provider."""
