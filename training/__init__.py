"""Training and evaluation of the learned part; nothing of it runs in the product."""
