"""The one place that reads the environment."""

import os
from functools import cache

from msgspec import Struct


class Settings(Struct, frozen=True):
    """What the template hands to every function. Times are seconds; `mail_rate_per_second` is for all
    workers together, 0 means no pace; table names are physical names.
    """

    region: str
    calls_table: str
    submissions_table: str
    mails_table: str
    announcements_table: str
    subscribers_table: str
    exports_table: str
    imports_table: str
    audit_table: str
    access_table: str
    drafts_table: str
    revisions_table: str
    figures_table: str
    mail_counts_table: str
    suppressions_table: str
    notes_table: str
    mail_queue_url: str
    feedback_queue_url: str
    export_queue_url: str
    exports_bucket: str
    keys_secret: str
    public_url: str
    mail_sender: str
    configuration_set: str
    smtp_relay: str
    smtp_secret: str
    mail_timeout_seconds: int
    mail_lease_seconds: int
    mail_backoff_seconds: int
    mail_rate_per_second: int
    mail_concurrency: int
    decision_mail_seconds: int
    export_lease_seconds: int
    export_settle_seconds: int
    landscape_delay_seconds: int
    calls_cache_seconds: int


@cache
def settings() -> Settings:
    """The settings of this process; a name the template did not set is empty, and its first use fails by name."""
    env = os.environ.get
    return Settings(
        region=env("AWS_REGION") or env("AWS_DEFAULT_REGION") or "eu-central-1",
        calls_table=env("CALLS_TABLE", ""),
        submissions_table=env("SUBMISSIONS_TABLE", ""),
        mails_table=env("MAILS_TABLE", ""),
        announcements_table=env("ANNOUNCEMENTS_TABLE", ""),
        subscribers_table=env("SUBSCRIBERS_TABLE", ""),
        exports_table=env("EXPORTS_TABLE", ""),
        imports_table=env("IMPORTS_TABLE", ""),
        audit_table=env("AUDIT_TABLE", ""),
        access_table=env("ACCESS_TABLE", ""),
        drafts_table=env("DRAFTS_TABLE", ""),
        revisions_table=env("REVISIONS_TABLE", ""),
        figures_table=env("FIGURES_TABLE", ""),
        mail_counts_table=env("MAIL_COUNTS_TABLE", ""),
        suppressions_table=env("SUPPRESSIONS_TABLE", ""),
        notes_table=env("NOTES_TABLE", ""),
        mail_queue_url=env("MAIL_QUEUE_URL", ""),
        feedback_queue_url=env("FEEDBACK_QUEUE_URL", ""),
        export_queue_url=env("EXPORT_QUEUE_URL", ""),
        exports_bucket=env("EXPORTS_BUCKET", ""),
        keys_secret=env("KEYS_SECRET", ""),
        public_url=env("PUBLIC_URL", "").rstrip("/"),
        mail_sender=env("MAIL_SENDER", ""),
        configuration_set=env("CONFIGURATION_SET", ""),
        smtp_relay=env("SMTP_RELAY", ""),
        smtp_secret=env("SMTP_SECRET", ""),
        mail_timeout_seconds=int(env("MAIL_TIMEOUT_SECONDS", "30")),
        mail_lease_seconds=int(env("MAIL_LEASE_SECONDS", "60")),
        mail_backoff_seconds=int(env("MAIL_BACKOFF_SECONDS", "30")),
        mail_rate_per_second=int(env("MAIL_RATE_PER_SECOND", "0")),
        mail_concurrency=int(env("MAIL_CONCURRENCY", "2")),
        decision_mail_seconds=int(env("DECISION_MAIL_SECONDS", "660")),
        export_lease_seconds=int(env("EXPORT_LEASE_SECONDS", "930")),
        export_settle_seconds=int(env("EXPORT_SETTLE_SECONDS", "10")),
        landscape_delay_seconds=int(env("LANDSCAPE_DELAY_SECONDS", "3")),
        calls_cache_seconds=int(env("CALLS_CACHE_SECONDS", "60")),
    )
