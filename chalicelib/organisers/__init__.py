"""The people who run a call: what came in, what they decide about it."""
