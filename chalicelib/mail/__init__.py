"""Every mail that leaves: texts, sender, worker, reconcile."""
