"""What images and labels mean, and which fit together."""
