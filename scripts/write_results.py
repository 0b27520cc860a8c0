"""Write docs/results/README.md and the table of results in README.md from the files of docs/results.

python scripts/write_results.py                            writes both
python scripts/write_results.py --check                    exit code 1 if one of them is out of date
python scripts/write_results.py --add FOLDER NAME TITLE    takes the scores of a run or an experiment first
"""

import argparse
import csv
import json
import shutil
import sys
from pathlib import Path

from keras_hanet.evaluation.comparison import format_comparison
from keras_hanet.evaluation.diagnosis import format_diagnosis
from keras_hanet.evaluation.folds import format_pooled_table
from keras_hanet.evaluation.markdown import format_false_alarms, format_table
from keras_hanet.experiments.ablate import describe_parts
from keras_hanet.experiments.protocols import format_protocols
from keras_hanet.experiments.reliability_report import (
    format_areas,
    format_bins,
    format_calibration,
    format_correlations,
    format_coverage,
    format_rule,
)
from keras_hanet.experiments.robustness_table import format_robustness
from keras_hanet.experiments.transfer import format_transfer
from keras_hanet.models.weights import CARD, FOLDERS, installed_models, read_facts

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "results"
BEGIN = "<!-- {what}: written by scripts/write_results.py -->\n"
END = "<!-- end of {what} -->\n"
COLUMNS = ("scored", "images", "Dice, lesions", "IoU, lesions", "missed", "HD95, px", "false alarms", "epochs")
_OF_A_RUN = ("config.json", "split.json", "metadata.json")
KEPT = ("summary.json", "cases.csv", "history.csv", "environment.json", "results.csv")
COMPARED = ("dice", "hd95_px", "nsd", "false_alarm_rate")
INTRODUCTION = """# Results

Research use only, not a medical device. Written by `python scripts/write_results.py` from the files beside this page:
scores of every image (`cases.csv`), summaries and histories; no images. How they are made: [README](../../README.md),
what the scores are: [metrics](../metrics.md). Intervals are 95 % bootstrap intervals for which whole groups are drawn.
"""


def results_table(folder):
    """The Markdown table of README: a row for each summary, ordered by name."""
    lines = [COLUMNS, ["---"] * len(COLUMNS)]
    for path in sorted(folder.glob("**/summary.json")):
        title = read_title(path.parent, folder)
        if title is None:
            continue
        summary = json.loads(path.read_text())
        lesion, normal = summary["lesion"], summary["normal"]
        alarms = format_false_alarms(normal)
        lines.append(
            [
                f"[{title}](docs/results/{path.parent.relative_to(folder).as_posix()})",
                f"{lesion['num']} + {normal['num']}",
                _interval(lesion["dice"], 100),
                _interval(lesion["jaccard"], 100),
                f"{lesion['missed']} of {lesion['num']}",
                _interval(lesion["hd95_px"], 1),
                alarms,
                _num_epochs(path.parent),
            ]
        )
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def read_title(folder, top):
    """The title of a result that README lists: a run, or a network of a cross-validation; None for others."""
    if (folder / "run.json").exists():
        return json.loads((folder / "run.json").read_text())["title"]
    if folder != top and (folder.parent / "crossval.json").exists():
        num_networks = len(json.loads((folder.parent / "crossval.json").read_text())["networks"])
        title = json.loads((folder.parent / "run.json").read_text())["title"]
        return title if num_networks == 1 else f"{title}: {folder.name}"
    return None


def results_page(folder):
    """docs/results/README.md: every table of every result."""
    parts = [INTRODUCTION]
    for path in sorted(folder.glob("*/run.json")):
        title = json.loads(path.read_text())["title"]
        tables = list(_tables(path.parent))
        if tables:
            parts += [f"## {title}\n", f"Files: [{path.parent.name}]({path.parent.name}).\n", *tables]
    return "\n".join(parts)


def _tables(folder):
    """The tables of one result, each as Markdown with a line break at its end."""
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text())
        if path.name == "crossval.json":
            for network, table in content["networks"].items():
                yield f"{network}\n\n{format_pooled_table(table)}\n"
        comparison = content.get("comparison") if path.name in ("crossval.json", "ablate.json") else None
        if path.name == "ablate.json":
            yield "".join(f"- {sentence}\n" for sentence in describe_parts(comparison))
        for score in COMPARED if comparison else ():
            yield f"{format_comparison(comparison, score)}\n"
        if path.name == "protocols.json":
            yield f"{format_table(format_protocols(content['protocols']))}\n"
        if path.name == "transfer.json":
            yield f"{format_transfer(content['transfer'])}\n"
        if path.name == "results.json":
            yield f"{format_robustness(content['results'])}\n"
        if "diagnosis" in content:
            yield f"{format_diagnosis(content['diagnosis'])}\n"
        if path.name not in ("environment.json", "run.json") and content.get("command"):
            yield f"`{content['command']}`\n"


def add_result(source, folder, title):
    """Copy the scores of a run or of an experiment and its runs (never pictures or weights), and say what it was.

    Args:
        source: run folder, or folder of an experiment; finished.
        folder: where the files go, docs/results/NAME.
        title: the result in a few words.
    """
    for path in sorted(source.rglob("*")):
        place = path.relative_to(source)
        scores = path.name in KEPT or (path.parent == source and path.suffix == ".json" and path.name not in _OF_A_RUN)
        if scores and "checkpoint" not in place.parts:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / place)
    (folder / "run.json").write_text(json.dumps({"title": title}, indent=2) + "\n")


def models_table():
    """The Markdown table of the shipped models: a row for each score of a card."""
    lines = [("model", "scored", "Dice, lesions", "IoU, lesions", "missed", "false alarms")]
    lines.append(["---"] * len(lines[0]))
    for name in installed_models():
        card = (FOLDERS[name] / CARD).relative_to(ROOT).as_posix()
        for score in read_facts(FOLDERS[name])["scores"]:
            lesion, normal = score["lesion"], score["normal"]
            alarms = format_false_alarms(normal)
            interval = [_interval(lesion[key], 100) for key in ("dice", "jaccard")]
            missed = f"{lesion['missed']} of {lesion['num']}"
            lines.append([f"[{name}]({card}), {score['of']}", score["title"], *interval, missed, alarms])
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def search_tables(folder):
    """The tables of docs/cart-search.md: the time of each candidate, and what each run scored."""
    candidates = json.loads((folder / "latency.json").read_text())
    lines = [("network", "network alone, ms", "PNG to mask, ms", "file, MiB")]
    for name, row in candidates.items():
        times = [f"{row[key]['median']:.1f}" for key in ("network_ms", "image_ms")]
        lines.append((name, *times, f"{row['file_mib']:.1f}"))
    with (folder / "search.csv").open(newline="") as file:
        runs = [(row["run"], *list(row.values())[2:]) for row in csv.DictReader(file)]
    recipe = ("learning rate", "cross-entropy", "smooth, px", "normals", "BUS-BRA", "epochs")
    head = ("run", "ms", *recipe, "val_dice", "val_score")
    return format_table(lines) + "\n", format_table([head, *runs]) + "\n"


def reliability_tables(folder):
    """The tables of docs/reliability.md: {name between its markers: Markdown}."""
    summary = json.loads((folder / "summary.json").read_text())
    flags = json.loads((folder / "flags.json").read_text())
    test = summary["test"]
    names = list(next(iter(flags["sets"].values())))[1:]
    of_sets = [("flag", *(f"{name} ({entry['num']})" for name, entry in flags["sets"].items()))]
    of_sets += [(name, *(f"{entry[name]:.1%}" for entry in flags["sets"].values())) for name in names]
    tables = {
        "correlation": format_correlations(summary),
        "rule": format_rule(summary),
        "calibration": format_calibration(summary),
        "bins": format_bins(test["bins"]),
        "areas": format_areas(summary),
        "flags": format_table(of_sets),
        "unlike": format_table([("BUSI, changed", "flagged"), *_shares(flags["unlike"])]),
        "dual": format_table([("gap, px", "flagged"), *_shares(flags["dual"])]),
    }
    orders = {f"coverage by {order}": format_coverage(test, order) for order in test["coverage"]}
    return {name: f"{table}\n" for name, table in {**tables, **orders}.items()}


def _shares(entries):
    return [(name, f"{share:.1%}") for name, share in entries.items()]


def with_table(text, what, table):
    """README's text with a table between its markers."""
    begin, end = BEGIN.format(what=what), END.format(what=what)
    before, rest = text.split(begin)
    return before + begin + "\n" + table + "\n" + end + rest.split(end)[1]


def _num_epochs(folder):
    """Epochs of a run, or of the runs below it, of which there may be several numbers."""
    histories = [folder / "history.csv"] if (folder / "history.csv").exists() else sorted(folder.glob("*/history.csv"))
    counts = {len(list(csv.DictReader(path.open(newline="")))) for path in histories}
    return ", ".join(str(count) for count in sorted(counts))


def _interval(entry, factor):
    low, high = entry["ci95"]
    return f"{factor * entry['mean']:.1f} [{factor * low:.1f}, {factor * high:.1f}]"


def main():
    parser = argparse.ArgumentParser(description="Write the tables of results.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a page is out of date")
    parser.add_argument("--add", nargs=3, metavar=("FOLDER", "NAME", "TITLE"), help="take a result's scores first")
    arguments = parser.parse_args()
    if arguments.add:
        source, name, title = arguments.add
        add_result(Path(source), RESULTS / name, title)
    readme = with_table((ROOT / "README.md").read_text(), "results", results_table(RESULTS))
    pages = {
        ROOT / "README.md": with_table(readme, "models", models_table()),
        RESULTS / "README.md": results_page(RESULTS),
    }
    search = ROOT / "docs" / "cart-search.md"
    latency, runs = search_tables(RESULTS / "cart-search")
    pages[search] = with_table(with_table(search.read_text(), "latency", latency), "runs", runs)
    reliability = ROOT / "docs" / "reliability.md"
    pages[reliability] = reliability.read_text()
    for name, table in reliability_tables(RESULTS / "reliability-cart").items():
        pages[reliability] = with_table(pages[reliability], name, table)
    for path, text in pages.items():
        if arguments.check and (not path.exists() or path.read_text() != text):
            return f"{path.relative_to(ROOT)} is out of date: python scripts/write_results.py"
        if not arguments.check:
            path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
