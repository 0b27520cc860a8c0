"""Named recipes. Each docstring says what it is for, its command and what it costs."""

from keras_hanet.errors import InputError
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig


def paper():
    """The network and the training the paper describes: DenseNet121, ImageNet weights, Adam,
    ReduceLROnPlateau, early stopping, no augmentation, lesion images only.

    hanet train --data BUSI --preset paper

    Not run yet.
    """
    return TrainConfig(model=HANetConfig(), augmentation=None, include_normal=False, epochs=100, learning_rate=1e-4)


def standard():
    """HA-Net on DenseNet121 with augmentation, AdamW, cosine decay and the normal images.

    hanet train --data BUSI --preset standard

    With `--epochs 14`, 65 minutes on two CPU cores that had other work as well, from random weights: Dice
    0.564 on BUSI fold 0. With ImageNet weights it was not run.
    mixed_bfloat16 makes a step 1.5 times as fast on a CPU with AVX512-BF16; on an older one give
    --precision float32.
    """
    return TrainConfig(
        model=HANetConfig(),
        epochs=60,
        stop_patience=60,
        learning_rate=1e-3,
        schedule="cosine",
        weight_decay=1e-2,
        precision="mixed_bfloat16",
    )


def cart():
    """HA-Net on EfficientNet-Lite0 (ImageNet weights come with the package), for a cart; the shipped model's recipe.

    hanet train --data BUSI --preset cart --extra-data BUSBRA

    224 x 224, a narrow decoder and logits at half that: 8 ms in int8 on one thread. Little cross-entropy, for it is
    what teaches to leave a doubtful lesion out; normal images twice, for Jaccard alone outlines them
    (docs/cart-search.md has what was tried).
    """
    return TrainConfig(
        model=HANetConfig(encoder="efficientnet_lite0", size=224, decoder_filters=(128, 64, 32, 16), logits_stride=2),
        extra_ratio=0.75,
        normal_repeats=2,
        epochs=16,
        stop_patience=16,
        kept_epoch="last",
        learning_rate=1.5e-3,
        schedule="cosine",
        weight_decay=1e-2,
        bce_weight=0.3,
        jaccard_smooth=100.0,
    )


def quick():
    """A small network on small phantoms: shows in minutes that everything works.

    hanet train --preset quick

    Two to five minutes on two CPU cores; Dice 0.94 on the phantoms of the test part.
    """
    return TrainConfig(
        model=HANetConfig(encoder="efficientnet_lite0", size=128),
        epochs=20,
        learning_rate=1e-3,
        schedule="cosine",
        weight_decay=1e-2,
    )


PRESETS = {"paper": paper, "standard": standard, "cart": cart, "quick": quick}


def preset(name):
    """The configuration of a preset.

    Raises:
        InputError: if there is no preset of that name.
    """
    if name not in PRESETS:
        raise InputError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}")
    return PRESETS[name]()
