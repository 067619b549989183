"""What can be compared: learned methods and fixed pipelines."""
