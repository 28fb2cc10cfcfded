"""What was sent: a submission, its states, its reference, its table."""
