"""What an AWS account may do before anybody asks for more, in one place. Source: AWS service quotas, 2026."""

LAMBDA_CONCURRENCY = 1_000
"""Functions that run at the same moment, in an account and region (developer guide, "Lambda quotas")."""
LAMBDA_SCALING = 1_000
"""New environments of one function in ten seconds (the same, "Concurrency scaling behavior")."""
LAMBDA_SCALING_SECONDS = 10
LAMBDA_AT_ONCE = 1_000
"""Requests that meet no warm function may start as many at once as that allowance holds; it fills up steadily."""
GATEWAY_RATE = 10_000
"""Requests a second (API Gateway, account level), with a burst of 5,000."""
GATEWAY_BURST = 5_000
PARTITION_WRITE_UNITS = 1_000
"""A second, for one partition (DynamoDB, "Burst and adaptive capacity")."""
TABLE_WRITE_UNITS_NEW = 4_000
"""A second, that a new on-demand table takes at once; it doubles within half an hour (DynamoDB, "On-demand")."""
TABLE_WRITE_UNITS = 40_000
"""A second, the quota of a table on demand; raised on request."""
SES_RATE = 14
"""Mails a second for an account just out of the sandbox; SES raises it by itself with use, and on request."""
SES_DAY = 50_000
"""Mails in 24 hours, at first."""
