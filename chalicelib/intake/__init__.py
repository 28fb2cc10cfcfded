"""The public way in: bodies, tickets, the form page, accepting, the receipt."""
