"""Make a shipped model of finished runs: weights as float16, TFLite int8, ONNX, facts and card.

python scripts/release_model.py cart --crossval RUNS/cart-busi --model RUNS/cart --transfer RUNS/busbra-to-busi
python scripts/release_model.py cart --card      writes the card again from the facts
"""

import argparse
import json
import shutil
import statistics
import tempfile
from dataclasses import asdict
from pathlib import Path

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
from keras_hanet.models.weights import CARD, FACTS, FOLDERS, load_weights, read_facts, write_weights
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
_TITLES = {
    "fold": "BUSI, fold {fold} of 5, trained with the rest and BUS-BRA",
    "crossval": "BUSI, 5 grouped folds, trained with the rest and BUS-BRA",
    "model": "BUS-BRA, official fold 5, trained with BUSI and folds 3 and 4",
    "transfer": "BUSI, trained with BUS-BRA alone",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(FOLDERS))
    parser.add_argument("--crossval", type=Path, help="folder of the cross-validation on BUSI")
    parser.add_argument("--model", type=Path, help="run whose weights are shipped: BUS-BRA, official fold 5 kept out")
    parser.add_argument("--transfer", type=Path, help="folder of the transfer from BUS-BRA to BUSI")
    parser.add_argument("--card", action="store_true", help="only write the card again")
    arguments = parser.parse_args()
    folder = FOLDERS[arguments.name]
    if not arguments.card:
        with tempfile.TemporaryDirectory() as temporary:
            release(arguments, folder, Path(temporary))
    write_card(folder)


def release(arguments, folder, work):
    run = read_run_config(arguments.model)
    point = choose_point(arguments.crossval)
    network, metadata = load_keras_model(arguments.model)
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
    summary = evaluate(Predictor.from_keras(network, metadata), split.test, work, split.name, "release", run.fold)
    gate = export_run(work, work / "exports", [SHIPPED, BESIDE], "release", part="test")
    exported = {SHIPPED: folder, BESIDE: SAVED_MODELS / arguments.name / BESIDE}
    shutil.copytree(work / "exports" / SHIPPED, folder, dirs_exist_ok=True)
    shutil.rmtree(exported[BESIDE], ignore_errors=True)
    shutil.copytree(work / "exports" / BESIDE, exported[BESIDE])
    in_int8 = Predictor(folder / FORMATS[SHIPPED].file)
    int8 = evaluate(in_int8, split.test, work / "int8", split.name, "release", run.fold)
    card = json.loads((folder / METADATA_NAME).read_text())["card"]
    draw_picture(read_cases(arguments.crossval / "ha_net" / "cases.csv"), folder)
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
        "scores": scores(arguments, summary, int8),
        "subgroups": read(arguments.crossval / "ha_net" / "summary.json")["subgroups"],
        "picture": PICTURE,
        "gate": [describe_gate(name, gate[name], exported[name]) for name in gate],
        "gate_images": "BUS-BRA, official fold 5",
        "latency": time_files({FORMATS[name].title: exported[name] / FORMATS[name].file for name in exported}, work),
        "reproduce": reproduction(arguments, run),
    }
    write_json(folder / FACTS, facts)


def choose_point(crossval):
    """The median over the folds of what each chose on its validation part."""
    chosen = [read(path) for path in sorted(crossval.glob("ha_net/fold-*/summary.json"))]
    values = {key: [summary[key] for summary in chosen] for key in ("threshold", "min_lesion_share")}
    return {**{key: statistics.median(values[key]) for key in values}, "of_folds": values}


def scores(arguments, summary, int8):
    pooled = read(arguments.crossval / "ha_net" / "summary.json")
    moved = next(row for row in read(arguments.transfer / "transfer.json")["transfer"] if row["name"].lower() == "busi")
    rows = [
        (_TITLES["crossval"], "recipe", pooled),
        (_TITLES["transfer"], "recipe", moved),
        (f"{_TITLES['model']}: float16 weights", "file", summary),
        (f"{_TITLES['model']}: int8", "file", int8),
    ]
    return [{"title": title, "of": of, **_parts(entry)} for title, of, entry in rows]


def _parts(summary):
    lesion, normal = summary["lesion"], summary["normal"]
    return {
        "lesion": {key: lesion[key] for key in ("num", "missed", "dice", "jaccard", "hd95_px")},
        "normal": {"num": normal["num"], "false_alarms": normal.get("false_alarms", 0)},
    }


def describe_gate(name, row, folder):
    mib = round((folder / FORMATS[name].file).stat().st_size / 2**20, 2)
    return {"title": FORMATS[name].title, "limits": FORMATS[name].limits._asdict(), "mib": mib, **row}


def time_files(files, work):
    image = sorted(write_phantoms(work / "phantoms", num=3).rglob("*.png"))[0]
    rows = []
    for title, file in files.items():
        found, _ = measure(find_artefacts([file], []), [1, 2], image, rounds=3, seconds=2)
        rows += [{"title": title, **{key: row[key] for key in ("threads", "network_ms", "image_ms")}} for row in found]
    machine = describe_machine()
    return {"machine": f"{machine['cpu']}, {' '.join(machine['flags'])}", "load": machine["load_average"], "rows": rows}


def reproduction(arguments, run):
    folds = []
    for path in sorted(arguments.crossval.glob("ha_net/fold-*")):
        summary = read(path / "summary.json")
        fold = read_run_config(path).fold
        entry = {"fold": fold, "title": _TITLES["fold"].format(fold=fold), "recipe": "fold", "hours": hours(path)}
        folds.append({**entry, **_parts(summary)})
    model = {"title": _TITLES["model"], "recipe": "model", "hours": hours(arguments.model)}
    recipes = {"fold": read_run_config(path), "model": run}
    return {
        "machine": f"one thread of {describe_machine()['cpu']}, another training beside it",
        "recipes": {name: recipe(config) for name, config in recipes.items()},
        "folds": folds,
        "model": {**model, **_parts(read(arguments.model / "summary.json"))},
    }


def recipe(config):
    """A configuration whose data sets are names instead of paths."""
    named = {"data": _name(config.data), "extra_data": [_name(path) for path in config.extra_data]}
    return {**to_dict(config), **named}


def _name(path):
    return read_samples(path)[0]


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
