"""From an alert to a reader: rendering, channels, the outbox, and the commands that readers send back."""
