"""Training: configuration, presets, callbacks and the trainer."""
