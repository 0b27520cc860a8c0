"""What a network is trained for and how: loss, optimizer, learning rate and metrics."""

import keras

from keras_hanet.losses import BCEJaccardLoss
from keras_hanet.training.metrics import segmentation_metrics


def compile_model(model, config, steps_per_epoch):
    """Give a network its loss, optimizer and metrics.

    XLA is left off for TensorFlow on a CPU, where it doubles the time of a step. The metrics are weighted, for the
    images that only fill up a batch; without weights they are plain means.
    """
    optimizer = keras.optimizers.AdamW(_learning_rate(config, steps_per_epoch), weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "scale", "rows", "columns"])
    # Keras would build it in the first step, and load no saved state into one that is not built.
    optimizer.build(model.trainable_variables)
    on_cpu = not any("gpu" in device for device in keras.distribution.list_devices())
    loss = BCEJaccardLoss(config.bce_weight, config.jaccard_weight, config.jaccard_smooth)
    goal = {"loss": loss, "weighted_metrics": segmentation_metrics()}
    if config.model.num_classes:
        goal = {
            "loss": {
                "segmentation": goal["loss"],
                "diagnosis": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            },
            "loss_weights": {"segmentation": 1.0, "diagnosis": config.diagnosis_weight},
            "weighted_metrics": {
                "segmentation": goal["weighted_metrics"],
                "diagnosis": [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            },
        }
    model.compile(
        optimizer, **goal, jit_compile=False if on_cpu and keras.backend.backend() == "tensorflow" else "auto"
    )


def _learning_rate(config, steps_per_epoch):
    if config.schedule == "plateau":
        return config.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, (config.epochs - 1) * steps_per_epoch),
        warmup_target=config.learning_rate,
        warmup_steps=steps_per_epoch,
    )
