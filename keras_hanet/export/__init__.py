"""From a trained run to files that other runtimes read, each held against the Keras model before it may leave."""
