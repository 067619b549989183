"""A model as bytes and back, safely."""
