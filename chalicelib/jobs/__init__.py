"""What follows from a change: which jobs a change causes, the messages, the relay, the queues."""
