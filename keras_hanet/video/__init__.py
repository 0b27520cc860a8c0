"""Films: read frame by frame, outlined while they play, written with the outline drawn in."""
