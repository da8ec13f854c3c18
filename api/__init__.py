"""The composition root: settings, command line and REST service."""
