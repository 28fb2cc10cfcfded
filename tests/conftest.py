"""The environment of the app's functions, as the template hands it to them.

Set here, before anything of the app is imported: records take the names of their tables when they are read in. Names
are this run's own, so that the table tests can share a real DynamoDB with others.
"""

import os
from secrets import token_hex

from hypothesis import settings

from chalicelib.runtime.settings import Settings

RUN = token_hex(4)
TABLES = [name for name in Settings.__struct_fields__ if name.endswith("_table")]

os.environ.update({name.upper(): f"{name.removesuffix('_table')}-{RUN}" for name in TABLES})
os.environ.update(
    MAIL_QUEUE_URL="https://sqs.eu-central-1.amazonaws.com/123456789012/mail",
    FEEDBACK_QUEUE_URL="https://sqs.eu-central-1.amazonaws.com/123456789012/feedback",
    EXPORT_QUEUE_URL="https://sqs.eu-central-1.amazonaws.com/123456789012/export",
    EXPORTS_BUCKET="exports",
    KEYS_SECRET="keys",
    PUBLIC_URL="https://aufruf.example.org",
    MAIL_SENDER="aufruf@example.org",
    CONFIGURATION_SET="aufruf",
    MAIL_LEASE_SECONDS="60",
    MAIL_BACKOFF_SECONDS="0",
    DECISION_MAIL_SECONDS="0",
    EXPORT_SETTLE_SECONDS="0",
    LANDSCAPE_DELAY_SECONDS="0",
    CALLS_CACHE_SECONDS="60",
)

# Two busy cores must not fail a test that is right.
settings.register_profile("aufruf", deadline=None, print_blob=True)
settings.load_profile("aufruf")

# Holds every handler to its policy; imports nothing of the app before it is used.
pytest_plugins = ["tests.permissions"]
