"""The version of podkit."""

__version__ = "0.1.0.dev0"
