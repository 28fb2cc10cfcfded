"""What organisers note about a submission, for each other."""
