"""History: runs and tests in SQLite, and what their series say (pure)."""
