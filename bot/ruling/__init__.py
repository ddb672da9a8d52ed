"""What rules say in plain words, and what they make of a text that somebody tries."""
