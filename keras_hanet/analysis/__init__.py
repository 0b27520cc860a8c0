"""What is said of a frame besides its outline: measures, flags, and how far to believe it."""
