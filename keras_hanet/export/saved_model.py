"""SavedModel for TensorFlow Serving, with the requests that warm it up."""


def write_float32(source, path):
    """Write `saved_model.pb` and what belongs to it beside it: variables, and the warm-up file in assets.extra.

    Args:
        source: `Source`.
        path: of the `saved_model.pb`; its folder must hold nothing else.
    """
    from keras_hanet.serving.graph import save
    from keras_hanet.serving.warmup import write_warm_up

    save(source.model, source.metadata, path.parent)
    write_warm_up(path.parent, source.metadata.size)
