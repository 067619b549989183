"""Training documents: from YAML to specs."""
