"""The project: settings, doors and the roof of the house."""
