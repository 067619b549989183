"""Training documents carried out: images loaded, leakage refused, methods fitted and compared."""
