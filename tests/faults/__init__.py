"""The promise shown: every AWS call of every path goes wrong in every way, and nothing is lost.

    python -m tests.faults        the table (`make faults`)

`paths.py` says what people do, `promises.py` what must hold afterwards, `settling.py` how the world comes to rest.
"""
