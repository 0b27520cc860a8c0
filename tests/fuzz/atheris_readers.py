"""Fuzz one reader, guided by coverage: python tests/fuzz/atheris_readers.py decode_image -max_total_time=600

It needs `pip install '.[fuzz]'` and is no part of the tests. Arguments behind the reader's name go to libFuzzer. Seeds
are drawn here, never taken from real images. An input that breaks a rule is left as `crash-...` in the working folder;
make a test of it.
"""

import sys
import tempfile
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[1])]

with atheris.instrument_imports(include=["keras_hanet", "PIL", "zipfile", "csv", "json", "pydicom"]):
    from fuzz.readers import READERS, try_reader
    from fuzz.seeds import seeds_of


def main(argv):
    name = argv[1] if len(argv) > 1 else None
    if name not in READERS:
        sys.exit(f"expected a reader, one of {', '.join(READERS)}, got {name}")
    with tempfile.TemporaryDirectory() as corpus:
        for number, content in enumerate(seeds_of(name)):
            (Path(corpus) / f"seed-{number}").write_bytes(content)
        limits = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=4096"]
        atheris.Setup([argv[0], *limits, *argv[2:], corpus], lambda content: try_reader(READERS[name], content))
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
