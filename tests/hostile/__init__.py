"""What nobody should send, and somebody will: texts, bodies and requests, each decided by a seed."""
