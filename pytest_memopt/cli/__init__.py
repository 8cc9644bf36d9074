"""The `memopt` command: one class per subcommand."""
