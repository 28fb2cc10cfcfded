"""`aufruf doctor`: looks at a deployed stack and what is around it, says what is wrong, and how to mend it.

Reads only. What should be is in the template that was deployed, so that nothing here says it a second time.
"""
