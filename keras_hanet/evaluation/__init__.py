"""From masks to a table with intervals: scores of every case, their summary, the operating point."""
