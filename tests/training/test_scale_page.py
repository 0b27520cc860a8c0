import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tables_of_the_page_are_what_the_result_says():
    command = [sys.executable, str(ROOT / "benchmarks" / "scale.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0
