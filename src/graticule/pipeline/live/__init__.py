"""Views of a pipeline on an image of any size: what is on screen, at once."""
