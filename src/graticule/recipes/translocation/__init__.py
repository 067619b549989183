"""A protein that moves into the nucleus: two channels, a plate, doses and controls."""
