"""Sample submissions, and sending them as people would."""
