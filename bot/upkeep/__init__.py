"""What the running program does for its managers: feeds, rules, numbers of the past, the morning's report."""
