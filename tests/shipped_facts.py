"""Facts of a model that nobody shipped, for the tests of card, list and reproduction."""

from dataclasses import asdict

from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig, to_dict


def score(mean, low, high):
    return {"mean": mean, "ci95": [low, high]}


LESION = {
    "num": 130, "missed": 4, "dice": score(0.78, 0.75, 0.81), "jaccard": score(0.7, 0.66, 0.73),
    "hd95_px": score(55.0, 40.0, 70.0),
}
NORMAL = {"num": 27, "false_alarms": 3}


def make_facts():
    recipe = {**to_dict(TrainConfig(normal_repeats=2, extra_ratio=0.5)), "data": "busi", "extra_data": ["busbra"]}
    model = {**recipe, "data": "busbra", "extra_data": ["busi"], "fold": 5}
    initial = {**model, "extra_data": []}
    parts = {"lesion": LESION, "normal": NORMAL}
    part = {"num": 40, "missed": 1, "dice": score(0.6, 0.5, 0.7)}
    gate = {"probability": 0.25, "mask_share": 0.00125, "dice": score(-0.002, -0.004, 0.001)}
    limits = {"probability": 0.9, "mask_share": 0.005, "dice": 0.01}
    spread = {"median": 7.5}
    return {
        "name": "cart",
        "title": "HA-Net(efficientnet_lite0) at 224 x 224",
        "version": "0.0.1",
        "licence": "Apache-2.0",
        "network": asdict(HANetConfig()),
        "parameters": 3544635,
        "flops": 900000000,
        "operating_point": {"threshold": 0.55, "min_lesion_share": 0.002, "of_folds": {}},
        "data": [
            {
                "name": "BUSI", "images": {"benign": 400, "normal": 130}, "scanners": "a", "licence": "CC0",
                "citation": "b",
            }
        ],
        "scores": [{"title": "BUSI, 5 grouped folds", "of": "recipe", **parts}],
        "subgroups": {
            "of": "cross-validation",
            "parts": {"lesion size": {"small": {**part, "lesion_share": [0.0, 0.03]}}, "diagnosis": {"benign": part}},
        },
        "picture": "dice-by-size.svg",
        "gate": [{"title": "TFLite int8", "limits": limits, "mib": 3.71, **gate}],
        "gate_images": "BUS-BRA, official fold 5",
        "latency": {
            "machine": "a processor",
            "rows": [{"title": "TFLite int8", "threads": 1, "network_ms": spread, "image_ms": {"median": 11.25}}],
        },
        "reproduce": {
            "machine": "one thread of a processor",
            "folds": [{"fold": 0, "title": "fold 0 of 5", "recipe": recipe, "hours": 0.4, **parts}],
            "model": {"title": "the model", "recipe": model, "initial": initial, "hours": 0.7, **parts},
        },
    }
