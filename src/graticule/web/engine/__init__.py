"""What is computed of the images of a served folder, in a process of its own."""
