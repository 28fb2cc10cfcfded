"""Lists that somebody kept before: read, compared with the form, taken over row by row."""
