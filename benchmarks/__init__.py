"""What Aufruf costs, measured beside what others cost: `python -m benchmarks` (see docs/performance.md)."""
