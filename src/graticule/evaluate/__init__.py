"""How far an answer can be trusted: nulls, p-values, false discoveries, recovery."""
