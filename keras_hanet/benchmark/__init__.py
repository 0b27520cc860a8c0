"""How fast, how large: each row of the table is measured in a process of its own."""
