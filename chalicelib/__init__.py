"""Aufruf: collects submissions to open calls."""
