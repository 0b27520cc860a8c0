"""The command line: one parser a command."""
