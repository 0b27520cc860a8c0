"""Five images whose risk and coverage can be counted by hand, and what is believed of them."""

import math

from keras_hanet.analysis.reliability import Belief


def _row(name, counted_as, dice, largest, confidence):
    return {
        "id": name,
        "source": "drawn",
        "group": name,
        "counted_as": counted_as,
        "dice": dice,
        "largest_probability": largest,
        "lesion_share": 0.1 if counted_as in ("lesion case", "false alarm") else 0.0,
        "confidence": confidence,
    }


ROWS = [
    _row("a", "lesion case", 0.9, 1.0, 0.95),
    _row("b", "lesion case", 0.5, 0.9, 0.8),
    _row("c", "missed lesion", 0.0, 0.2, 0.8),
    _row("d", "false alarm", 0.0, 0.7, 0.6),
    _row("e", "true negative", math.nan, 0.1, 0.9),
]
EXPECTED = [0.8, 0.6, 0.5, 0.1, 0.7]  # a, e, b, c, d
BELIEFS = [Belief(p, e, e < 0.6) for p, e in zip((1.0, 0.9, 0.5, 0.6, 0.2), EXPECTED, strict=True)]
