"""Figures about a call: counted now and then by a worker, kept for everybody who looks."""
