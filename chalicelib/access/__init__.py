"""Who may do what: tokens, roles, and the audit trail of who did what."""
