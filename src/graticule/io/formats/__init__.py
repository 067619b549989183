"""The built-in formats, one module each, declared as ``FORMAT``."""
