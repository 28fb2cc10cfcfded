"""The ground that AWS is: settings, clients, clock, keys, logs."""
