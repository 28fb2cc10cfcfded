"""The HTML and HTTP shell: requests, replies, problems, templates, static files, languages."""
