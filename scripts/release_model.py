"""Make a shipped model of finished runs: weights as float16, TFLite int8, ONNX, facts and card.

python scripts/release_model.py cart --crossval RUNS/cart-busi --model RUNS/cart --transfer RUNS/busbra-to-busi
python scripts/release_model.py cart --time      times its files; the machine must be quiet
python scripts/release_model.py cart --card      writes the card again from the facts
python scripts/release_model.py cart --reliability FOLDER    takes the record that `hanet reliability` wrote there

A record holds for one model and operating point, so a release starts without one; fit it then and take it.
"""

import argparse
import json
import shlex
import shutil
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from keras_hanet.analysis.reliability import RELIABILITY
from keras_hanet.benchmark.machine import describe_machine
from keras_hanet.benchmark.runner import find_artefacts, measure
from keras_hanet.checksums import write_checksums
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.data.split_files import read_split
from keras_hanet.evaluation.cases import is_lesion, read_cases
from keras_hanet.evaluation.evaluate import evaluate
from keras_hanet.export.exporter import export_run
from keras_hanet.export.formats import FORMATS
from keras_hanet.files import replacing, write_json
from keras_hanet.inference import Predictor, load_keras_model
from keras_hanet.metadata import METADATA_NAME, Metadata
from keras_hanet.models.weights import CARD, DEFAULT, FACTS, FOLDERS, load_weights, read_facts, write_weights
from keras_hanet.reports.charts import draw_dice_by_size
from keras_hanet.reports.model_card import format_card
from keras_hanet.reports.svg import standalone
from keras_hanet.training.config import to_dict
from keras_hanet.training.run_folder import read_run_config
from keras_hanet.version import __version__

SAVED_MODELS = Path(__file__).resolve().parents[1] / "saved_models"
PICTURE = "dice-by-size.svg"
SHIPPED, BESIDE = "tflite_int8", "onnx"
DATA = {
    "busi": {
        "name": "BUSI", "scanners": "GE LOGIQ E9, LOGIQ E9 Agile",
        "licence": "CC0 1.0 or CC BY 4.0, as the distributor says",
        "citation": "Al-Dhabyani et al., Data in Brief 28 (2020) 104863",
    },
    "busbra": {
        "name": "BUS-BRA, official folds 3 and 4",
        "scanners": "GE Logiq 7, GE Logiq 5, Toshiba Aplio 300, U-Systems",
        "licence": "free use, the article to be cited",
        "citation": "Gomez-Flores et al., Medical Physics 51 (2024) 3110",
    },
}
_CROSSVAL = "BUSI, 5 grouped folds, each trained with the rest and BUS-BRA"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(FOLDERS))
    parser.add_argument("--crossval", type=Path, help="folder of the cross-validation on BUSI")
    parser.add_argument("--model", type=Path, help="run whose weights are shipped: BUS-BRA, official fold 5 kept out")
    parser.add_argument("--transfer", type=Path, help="folder of the transfer from BUS-BRA to BUSI")
    parser.add_argument("--time", action="store_true", help="only time the files, and write the card again")
    parser.add_argument("--card", action="store_true", help="only write the card again")
    parser.add_argument("--reliability", type=Path, help="only take reliability.json of this folder")
    arguments = parser.parse_args()
    folder = FOLDERS[arguments.name]
    with tempfile.TemporaryDirectory() as temporary:
        if arguments.time:
            write_json(folder / FACTS, {**read_facts(folder), "latency": time_files(arguments.name, Path(temporary))})
        elif arguments.reliability:
            take_reliability(arguments.name, arguments.reliability)
        elif not arguments.card:
            release(arguments, folder, Path(temporary))
    write_card(folder)


def release(arguments, folder, work):
    command = shlex.join(["python", "scripts/release_model.py", *sys.argv[1:]])
    run = read_run_config(arguments.model)
    network, metadata = load_keras_model(arguments.model)
    point = choose_point(arguments.crossval, metadata)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_weights(network, folder)
    load_weights(network, folder)  # what is scored and exported is what is shipped
    metadata = Metadata(metadata.size, point["threshold"], point["min_lesion_share"], metadata.name)
    network.save(work / "model.keras")
    write_json(work / METADATA_NAME, vars(metadata))
    for name in ("config.json", "split.json"):
        shutil.copy(arguments.model / name, work)
    split = read_split(work / "split.json", read_samples(run.data)[1])
    summary = evaluate(Predictor.from_keras(network, metadata), split.test, work, split.name, command, run.fold)
    exported = exported_folders(arguments.name)
    gate = export_run(work, work / "exports", list(exported), command, part="test")
    for name, place in exported.items():
        (place / RELIABILITY).unlink(missing_ok=True)
        shutil.copytree(work / "exports" / name, place, dirs_exist_ok=True)
    in_int8 = Predictor(folder / FORMATS[SHIPPED].file)
    int8 = evaluate(in_int8, split.test, work / "int8", split.name, command, run.fold)
    card = json.loads((folder / METADATA_NAME).read_text())["card"]
    pooled = arguments.crossval / "ha_net" if arguments.crossval else work
    draw_picture(read_cases(pooled / "cases.csv"), folder)
    title = describe_test(run)
    facts = {
        "name": arguments.name,
        "title": f"{metadata.name} at {metadata.size} x {metadata.size}",
        "version": __version__,
        "licence": card["licence"],
        "network": asdict(run.model),
        "parameters": card["parameters"],
        "flops": card["flops"],
        "operating_point": point,
        "data": [{**DATA[name], "images": images} for name, images in card["training"]["images"].items()],
        "scores": [
            *scores_of_recipe(arguments),
            {"title": f"{title}: float16 weights", "of": "file", **_parts(summary)},
            {"title": f"{title}: int8", "of": "file", **_parts(int8)},
        ],
        "subgroups": {
            "of": _CROSSVAL if arguments.crossval else title,
            "parts": read(pooled / "summary.json")["subgroups"],
        },
        "picture": PICTURE,
        "gate": [describe_gate(name, gate[name], exported[name]) for name in gate],
        "gate_images": title.partition(", trained")[0],
        "latency": None,
        "reproduce": {
            "machine": f"one or two threads of {describe_machine()['cpu']}, with other work beside it",
            "folds": [describe_run(path) for path in find_folds(arguments.crossval)],
            "model": describe_run(arguments.model),
        },
    }
    write_json(folder / FACTS, facts)


def take_reliability(name, source):
    """Lay the record beside every file of a model, and list it with their checksums."""
    for place in exported_folders(name).values():
        shutil.copy(source / RELIABILITY, place)
        write_checksums(place)


def find_folds(crossval):
    return sorted(crossval.glob("ha_net/fold-*")) if crossval else []


def choose_point(crossval, metadata):
    """The median over the folds of what each chose on its validation part; without folds the run's own."""
    keys = ("threshold", "min_lesion_share")
    if crossval is None:
        return {key: getattr(metadata, key) for key in keys}
    chosen = [read(path / "summary.json") for path in find_folds(crossval)]
    values = {key: [summary[key] for summary in chosen] for key in keys}
    return {**{key: statistics.median(values[key]) for key in keys}, "of_folds": values}


def scores_of_recipe(arguments):
    rows = []
    if arguments.crossval:
        rows.append((_CROSSVAL, read(arguments.crossval / "ha_net" / "summary.json")))
    if arguments.transfer:
        targets = read(arguments.transfer / "transfer.json")["transfer"][1:]  # the first is its own test part
        rows += [(f"{DATA[row['name'].lower()]['name']}, trained with BUS-BRA alone", row) for row in targets]
    return [{"title": title, "of": "recipe", **_parts(entry)} for title, entry in rows]


def _parts(summary):
    lesion, normal = summary["lesion"], summary["normal"]
    return {
        "lesion": {key: lesion[key] for key in ("num", "missed", "dice", "jaccard", "hd95_px")},
        "normal": {"num": normal["num"], "false_alarms": normal.get("false_alarms", 0)},
    }


def describe_run(path):
    config = read_run_config(path)
    entry = {"fold": config.fold, "title": describe_test(config), "recipe": name_data(config), "hours": hours(path)}
    if config.initial_weights:
        initial = Path(config.initial_weights)
        entry["initial"] = name_data(read_run_config(initial))
        entry["hours"] = round(entry["hours"] + hours(initial), 2)
    return {**entry, **_parts(read(path / "summary.json"))}


def describe_test(config):
    """What a run's test part is, and what it was trained with."""
    name, official = DATA[_layout(config.data)]["name"], config.split == "official"
    part = f"{name.split(',')[0]}, official fold {config.fold}" if official else f"{name}, fold {config.fold} of 5"
    others = "".join(f" and {DATA[_layout(path)]['name'].split(',')[0]}" for path in config.extra_data)
    return f"{part}, trained with the rest{others}"


def name_data(config):
    """A configuration whose data sets are names instead of paths."""
    named = {"data": _layout(config.data), "extra_data": [_layout(path) for path in config.extra_data]}
    return {**to_dict(config), **named, "initial_weights": None}


def _layout(path):
    return read_samples(path)[0]


def describe_gate(name, row, folder):
    mib = round((folder / FORMATS[name].file).stat().st_size / 2**20, 2)
    return {"title": FORMATS[name].title, "limits": FORMATS[name].limits._asdict(), "mib": mib, **row}


def exported_folders(name):
    """Where each exported file goes; in float32 the larger model is no file for a repository."""
    return {SHIPPED: FOLDERS[name], **({BESIDE: SAVED_MODELS / name / BESIDE} if name == DEFAULT else {})}


def time_files(name, work):
    image = sorted(write_phantoms(work / "phantoms", num=3).rglob("*.png"))[0]
    rows = []
    for kind, folder in exported_folders(name).items():
        artefacts = find_artefacts([folder / FORMATS[kind].file], [])
        found, _ = measure(artefacts, [1, 2], image, rounds=3, seconds=2)
        kept = [{key: row[key] for key in ("threads", "network_ms", "image_ms")} for row in found]
        rows += [{"title": FORMATS[kind].title, **row} for row in kept]
    machine = describe_machine()
    return {"machine": f"{machine['cpu']}, {' '.join(machine['flags'])}", "load": machine["load_average"], "rows": rows}


def hours(run_dir):
    seconds = (run_dir / "summary.json").stat().st_mtime - (run_dir / "config.json").stat().st_mtime
    return round(seconds / 3600, 2)


def draw_picture(rows, folder):
    cases = [
        (row["id"], 100 * lesion_share(row), row["dice"], row["counted_as"] == "missed lesion")
        for row in rows
        if is_lesion(row)
    ]
    with replacing(folder / PICTURE) as temporary:
        temporary.write_text(standalone(draw_dice_by_size("dice-by-size", cases)), encoding="utf-8")


def lesion_share(row):
    return row["lesion_area_px"] / (row["height"] * row["width"])


def write_card(folder):
    with replacing(folder / CARD) as temporary:
        temporary.write_text(format_card(read_facts(folder)), encoding="utf-8")
    write_checksums(folder)


def read(path):
    return json.loads(path.read_text())


if __name__ == "__main__":
    main()
