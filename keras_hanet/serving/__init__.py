"""The graph that TensorFlow Serving runs, and a client for it."""
