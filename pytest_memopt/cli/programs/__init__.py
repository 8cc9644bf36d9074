"""Programs that the command runs in its own process: which, how, and what they say meanwhile."""
