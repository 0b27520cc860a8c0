"""How long the properties are tried: the same few examples in every run, or many new ones.

HANET_FUZZ_EXAMPLES=20000 python -m pytest tests/fuzz
"""

import os

from hypothesis import HealthCheck, settings

_MANY = int(os.environ.get("HANET_FUZZ_EXAMPLES", "0"))


def examples(num):
    """Settings for so many examples, or for those of HANET_FUZZ_EXAMPLES; none may take ten seconds."""
    return settings(
        max_examples=_MANY or num,
        derandomize=not _MANY,
        database=None,
        deadline=10_000,
        suppress_health_check=list(HealthCheck),
    )
