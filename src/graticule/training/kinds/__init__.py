"""The kinds of methods that run pipelines, one a module."""
