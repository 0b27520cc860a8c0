"""Cross-validation: every image scored once, by a model that has not seen it."""

from dataclasses import replace
from pathlib import Path

from keras_hanet.data.layouts import read_samples
from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import read_cases, write_cases
from keras_hanet.evaluation.comparison import compare_runs
from keras_hanet.evaluation.folds import format_pooled_table, pooled_table
from keras_hanet.evaluation.summary import summarise
from keras_hanet.experiments.comparisons import COMPARED, write_comparison
from keras_hanet.experiments.runs import finish_runs
from keras_hanet.files import write_json
from keras_hanet.reports.charts import draw_intervals, percent
from keras_hanet.reports.document import Charts, Section, Table
from keras_hanet.reports.evaluation_report import write_evaluation_report


def crossval(config, folder, networks, command, folds=None, jobs=1, say=print, progress=iter, address=None):
    """Train networks on every fold of a data set and pool the scores.

    Args:
        config: `TrainConfig`; its fold and architecture are set for each run.
        folder: of the experiment; the runs are NETWORK/fold-K, what is done is not done again.
        networks: names of architectures; the first is what the others are compared with.
        command: the command that does this again.
        folds: numbers of the test folds; None for all of them.
        jobs: how many trainings at once on a machine.
        say: takes lines of text for the user.
        progress: wraps the iterator over epochs.
        address: as for `finish_runs`.

    Returns:
        {"networks": {name: `pooled_table`}, "comparison": `compare_runs` of the networks, or None for a
        single one, "command"}, as written to crossval.json.

    Raises:
        InputError: as `finish_runs`, or for a fold that is not there.
        FailedError: as `finish_runs`.
    """
    folder = Path(folder)
    known = _folds(config)
    folds = known if folds is None else folds
    for fold in folds:
        if fold not in known:
            raise InputError(f"expected test folds among {', '.join(map(str, known))}, got {fold}; leave it out")
    configs = {
        f"{network}/fold-{fold}": replace(config, fold=fold, model=_model(config.model, network))
        for network in networks
        for fold in folds
    }
    finish_runs(configs, folder, command, jobs, say, progress, address)
    rows = {
        network: [row for fold in folds for row in read_cases(folder / network / f"fold-{fold}" / "cases.csv")]
        for network in networks
    }
    result = {"networks": {}, "comparison": None, "command": command}
    for network in networks:
        title = f"Cross-validation of {network}"
        result["networks"][network] = _write_pool(folder / network, rows[network], title, config, command)
    if len(networks) > 1:
        first, *others = networks
        result["comparison"] = compare_runs(rows[first], {name: rows[name] for name in others}, COMPARED, first)
        write_comparison(folder, f"Networks against {first}", result["comparison"], command)
    write_json(folder / "crossval.json", result)
    return result


def _folds(config):
    """Numbers of the folds there are: the authors' own, or 0..K-1."""
    if config.split != "official":
        return list(range(config.num_folds))
    _, samples = read_samples(config.data, config.dataset, config.groups)
    return sorted({sample.official_fold for sample in samples if sample.official_fold is not None})


def _model(model, network):
    return replace(model, architecture=network, base_filters=0 if network == "ha_net" else model.base_filters)


def _write_pool(folder, rows, title, config, command):
    """The pooled cases, summary and report of one network; returns its table of folds."""
    table = pooled_table(rows)
    split = f"{config.split}, {len(table['folds'])} test folds, each image scored by the model that has not seen it"
    summary = {**summarise(rows), "size": "original", "model": title, "split": split, "command": command}
    write_cases(folder / "cases.csv", rows)
    write_json(folder / "summary.json", {**summary, "folds": table})
    parts = [(f"fold {fold['fold']}", fold["lesion"]["dice"]) for fold in table["folds"]]
    parts.append(("pooled", table["pooled"]["lesion"]["dice"]))
    drawn = [(name, *percent(entry)) for name, entry in parts if entry["mean"] is not None]
    charts = (("folds", draw_intervals("folds", "Dice of the folds", "Dice of lesion images, %", drawn), "Folds"),)
    more = [Section("Folds", (Table.from_markdown(format_pooled_table(table)), *((Charts(charts),) if drawn else ())))]
    write_evaluation_report(folder, title, more)
    return table
