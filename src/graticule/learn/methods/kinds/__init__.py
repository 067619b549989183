"""The kinds of methods that learn a model, one a module."""
