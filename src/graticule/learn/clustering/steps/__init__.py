"""The steps of chains, one a module: spaces, and methods that tell groups."""
