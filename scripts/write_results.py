"""Write the table of results from docs/results/*/summary.json into README.md.

python scripts/write_results.py                                    writes it
python scripts/write_results.py --check                            exit code 1 if README.md is out of date
python scripts/write_results.py --add RUN NAME TITLE MINUTES       takes the scores of a run folder first
"""

import argparse
import csv
import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- results: written by scripts/write_results.py -->\n"
END = "<!-- end of results -->\n"
COLUMNS = ("run", "images", "Dice, lesions", "IoU, lesions", "missed", "HD95, px", "false alarms", "epochs, time")


def results_table(folder):
    """A Markdown table with a row for each result folder, ordered by name.

    Args:
        folder: holds NAME/summary.json and NAME/run.json ({"title", "epochs", "minutes"}).
    """
    lines = [COLUMNS, ["---"] * len(COLUMNS)]
    for path in sorted(folder.glob("*/summary.json")):
        summary, run = json.loads(path.read_text()), json.loads(path.with_name("run.json").read_text())
        lesion, normal = summary["lesion"], summary["normal"]
        alarms = f"{normal['false_alarms']} of {normal['num']}" if normal["num"] else "no normals"
        lines.append(
            [
                f"[{run['title']}](docs/results/{path.parent.name})",
                f"{lesion['num']} + {normal['num']}",
                _interval(lesion["dice"], 100),
                _interval(lesion["jaccard"], 100),
                f"{lesion['missed']} of {lesion['num']}",
                _interval(lesion["hd95_px"], 1),
                alarms,
                f"{run['epochs']}, {run['minutes']} min",
            ]
        )
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def add_run(run, folder, title, minutes):
    """Copy a run's scores (never its pictures or weights) and say what the run was.

    Args:
        run: run folder, finished.
        folder: where the files go, docs/results/NAME.
        title: the run in a few words.
        minutes: how long it took.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("summary.json", "cases.csv", "history.csv", "environment.json"):
        shutil.copyfile(run / name, folder / name)
    with (run / "history.csv").open(newline="") as file:
        num_epochs = len(list(csv.DictReader(file)))
    record = {"title": title, "epochs": num_epochs, "minutes": minutes}
    (folder / "run.json").write_text(json.dumps(record, indent=2) + "\n")


def with_table(text, table):
    """README's text with the table between its markers."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + table + "\n" + END + rest.split(END)[1]


def _interval(entry, factor):
    low, high = entry["ci95"]
    return f"{factor * entry['mean']:.1f} [{factor * low:.1f}, {factor * high:.1f}]"


def main():
    parser = argparse.ArgumentParser(description="Write the table of results into README.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if README.md is out of date")
    parser.add_argument("--add", nargs=4, metavar=("RUN", "NAME", "TITLE", "MINUTES"), help="take a run's scores first")
    arguments = parser.parse_args()
    if arguments.add:
        run, name, title, minutes = arguments.add
        add_run(Path(run), ROOT / "docs" / "results" / name, title, int(minutes))
    readme = ROOT / "README.md"
    text = with_table(readme.read_text(), results_table(ROOT / "docs" / "results"))
    if arguments.check:
        return 0 if text == readme.read_text() else "README.md is out of date: python scripts/write_results.py"
    readme.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
