"""A look inside a network: what attends where, what is let through, and which regions it missed or made up."""
