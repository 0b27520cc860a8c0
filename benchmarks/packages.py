"""Installs every extra into an environment of its own, from the wheel, and tries it: size, time, a real command.

python benchmarks/packages.py --write                every extra with the newest versions, all with the lowest
python benchmarks/packages.py --write --only bare    some of them; they replace their rows

Needs `.[test]` and the registry. One environment exists at a time: have 6 GB of disk free.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from datetime import UTC, datetime
from email.parser import Parser
from pathlib import Path

from package_smoke import MODULES, make_inputs, time_import, try_extra
from packaging.requirements import Requirement

from keras_hanet.files import replacing, write_json
from keras_hanet.version import INTENDED_USE, __version__

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "docs" / "results" / "packaging" / "packaging.json"
PAGE = ROOT / "docs" / "packaging.md"
BEGIN, END = "<!-- packages: written by benchmarks/packages.py -->\n", "<!-- end of packages -->\n"
LOWEST = "lowest"
MIB = 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*MODULES, LOWEST]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="environments (default: all)")
    parser.add_argument("--write", action="store_true", help=f"keep the result in {RESULT.parent.relative_to(ROOT)}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run([sys.executable, ROOT / "scripts" / "release.py", "--output", folder / "dist"], check=True)
        (wheel,), (archive,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
        (folder / "inputs").mkdir()
        make_inputs(folder / "inputs", sys.executable)
        files = {path.name: path.stat().st_size for path in (wheel, archive)}
        rows = json.loads(RESULT.read_text())["environments"] if RESULT.exists() else {}
        for name in arguments.only:
            rows[name] = measure(name, wheel, folder)
            rows = {name: rows[name] for name in names if name in rows}
            if arguments.write:  # each at once: the next may take minutes
                write_json(RESULT, {"version": __version__, "files_bytes": files, "environments": rows})
                write_page(rows)
    print(format_table(rows))
    return int(any(rows[name]["error"] for name in arguments.only))


def measure(name, wheel, folder):
    """Install into a new environment, run its commands, delete it.

    Args:
        name: key of `MODULES`, or `LOWEST`: every extra, each direct dependency at the lower bound of pyproject.toml.
        wheel: path.
        folder: of the environment and of `inputs`.

    Returns:
        dict, JSON-ready; "error" is None or the end of what went wrong.
    """
    extras = [extra for extra in MODULES if extra != "bare"] if name == LOWEST else [name] if name != "bare" else []
    place = folder / "place"
    place.mkdir()
    row = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": describe_machine(), "load": round(os.getloadavg()[0], 1)}
    row["versions"] = LOWEST if name == LOWEST else "newest"
    print(f"{name}: installing", flush=True)
    try:
        python = install(wheel, extras, lower_bounds(wheel) if name == LOWEST else [], place, row)
        row["commands"], start = [], time.perf_counter()
        for extra in extras or ["bare"]:
            (place / extra).mkdir()
            row["commands"].append(try_extra(extra, python, folder / "inputs", place / extra))
        row["commands_s"] = round(time.perf_counter() - start, 1)
        imported = [time_import(MODULES[extra], python, place) for extra in extras or ["bare"]]
        row["import_s"] = round(max(imported), 2)
        row["error"] = None
    except (RuntimeError, subprocess.SubprocessError) as error:
        row["error"] = str(error).replace(str(folder), "")
        print(f"{name}: {error}", flush=True)
    finally:
        shutil.rmtree(place)
    return row


def install(wheel, extras, bounds, place, row):
    """Make the environment; puts sizes, seconds and the versions found into `row` and returns its interpreter."""
    environment, scratch = place / "environment", place / "tmp"
    scratch.mkdir()
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    empty = disk_mib(environment)
    (place / "bounds.txt").write_text("\n".join(bounds))
    python = environment / "bin" / "python"
    wanted = f"{wheel}[{','.join(extras)}]" if extras else str(wheel)
    command = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "-c", place / "bounds.txt", wanted]
    start = time.perf_counter()
    with watched(place) as peak:
        done = subprocess.run(command, env={**os.environ, "TMPDIR": str(scratch)}, capture_output=True, text=True)
    row["install_s"] = round(time.perf_counter() - start, 1)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise RuntimeError("\n".join(lines[-5:]))
    row["installed_mib"] = round(disk_mib(environment) - empty)
    row["peak_disk_mib"] = round(max(peak))
    listed = json.loads(subprocess.check_output([python, "-m", "pip", "list", "--format", "json"]))
    row["packages"] = {part["name"]: part["version"] for part in listed}
    return python


def lower_bounds(wheel):
    """["numpy==2.0", ...]: what a wheel's extras in `MODULES` ask for, each at its lower bound."""
    with zipfile.ZipFile(wheel) as files:
        (name,) = (name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        asked = [Requirement(text) for text in Parser().parsestr(files.read(name).decode()).get_all("Requires-Dist")]
    return [
        f"{one.name}=={specifier.version}"
        for one in asked
        for specifier in one.specifier
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in MODULES)
    ]


class watched:
    """`with watched(folder) as sizes`: the folder's size in MiB, every two seconds."""

    def __init__(self, folder):
        self.folder, self.sizes, self.ended = folder, [], threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.ended.wait(2):
            self.sizes.append(disk_mib(self.folder))

    def __enter__(self):
        self.thread.start()
        return self.sizes

    def __exit__(self, *error):
        self.ended.set()
        self.thread.join()
        self.sizes.append(disk_mib(self.folder))


def disk_mib(folder):
    """What a folder takes on the disk; files that vanish meanwhile are no fault."""
    done = subprocess.run(["du", "-sk", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return int(done.stdout.split()[0]) * 1024 / MIB


def describe_machine():
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def format_table(rows):
    """Markdown: a row an environment."""
    lines = [
        ("install", "versions", "packages", "on disk, MiB", "peak, MiB", "install, s", "import, s", "command", "works"),
        ("---", "---", "---:", "---:", "---:", "---:", "---:", "---", "---"),
    ]
    for name, row in rows.items():
        title = {"bare": "keras-hanet", LOWEST: "every extra"}.get(name, f"keras-hanet[{name}]")
        keys = ("installed_mib", "peak_disk_mib", "install_s", "import_s")
        numbers = [f"{row[key]:g}" if key in row else "" for key in keys]
        commands = row.get("commands", [])
        command = f"`{commands[0]}`" if len(commands) == 1 else f"{len(commands)} of the above"
        count = str(len(row.get("packages", [])) or "")
        lines.append((f"`{title}`", row["versions"], count, *numbers, command, "no" if row["error"] else "yes"))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def write_page(rows):
    """Put the table into docs/packaging.md, with its date, machine and load."""
    first = next(iter(rows.values()))
    loads = [row["load"] for row in rows.values()]
    days = sorted({row["date"] for row in rows.values()})
    said = f"Measured on {' and '.join(days)}: {first['machine']}; load of other work {min(loads)} to {max(loads)}."
    before, _, rest = PAGE.read_text().partition(BEGIN)
    assert INTENDED_USE in before
    with replacing(PAGE) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n{said}\n\n{format_table(rows)}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    sys.exit(main())
