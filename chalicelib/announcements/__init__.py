"""What organisers write to many submitters: an announcement, its recipients, its table."""
