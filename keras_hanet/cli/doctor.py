"""`hanet doctor`: data set -> groups.csv, related.csv, findings.csv and a report with pictures."""

import time
from pathlib import Path

from keras_hanet.cli.console import bar, print_text, say
from keras_hanet.data.duplicates import find_pairs
from keras_hanet.data.findings import KINDS, check_groups, check_images
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.leak_tables import (
    FINDING_COLUMNS,
    GROUP_COLUMNS,
    RELATED_COLUMNS,
    compare_with_related,
    compare_with_table,
    finding_rows,
    group_images,
    group_rows,
    related_rows,
)
from keras_hanet.data.tables import read_table
from keras_hanet.errors import InputError
from keras_hanet.files import write_table
from keras_hanet.reports.leak_report import Examination, write_leak_report
from keras_hanet.version import INTENDED_USE

HELP = "Find duplicates, label conflicts and faulty files in a data set, before they leak into a score."
EXAMPLE = "hanet doctor --data BUSI --output doctor"


def add_arguments(parser):
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--dataset", metavar="NAME", help="layout of the data set (default: recognised)")
    parser.add_argument(
        "--output", type=Path, default=Path("doctor"), metavar="DIR",
        help="folder of the tables, the report and its pictures (default: %(default)s)",
    )
    parser.add_argument(
        "--compare", type=Path, nargs="+", default=[], metavar="FILE",
        help="tables to hold the result against: groups (group, file) or pairs (file_a, file_b)",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON on the last line")


def run(arguments):
    started = time.monotonic(), time.process_time()
    are_groups = [_holds_groups(path) for path in arguments.compare]
    findings = []
    layout, samples = read_samples(arguments.data, arguments.dataset, faults=findings)
    say(f"{arguments.data}: layout {layout!r}, {len(samples)} images")
    samples, fingerprints, found = check_images(samples, bar("images"))
    pairs = find_pairs(fingerprints, bar("comparisons", unit="pair"))
    groups = group_images(samples, pairs)
    findings += [*found, *check_groups(samples, groups, pairs)]
    comparisons = [
        _compare(samples, pairs, path, is_groups)
        for path, is_groups in zip(arguments.compare, are_groups, strict=True)
    ]
    examination = Examination(
        arguments.data.resolve(), samples, pairs, groups, findings, comparisons, arguments.command_line
    )
    _write_tables(arguments, examination)
    report = write_leak_report(arguments.output, examination, bar("pictures"))
    wall, processor = time.monotonic() - started[0], time.process_time() - started[1]
    say(f"{wall:.0f} s, {processor:.0f} s of processor time. Pictures of every group: {report}")
    summary = examination.summary()
    print_text(_format(summary), summary, arguments.json)
    if groups:
        say(f"Next: hanet split --data {arguments.data} --groups {arguments.output / 'groups.csv'}")


def _write_tables(arguments, examination):
    samples, pairs = examination.samples, examination.pairs
    rows = group_rows(samples, examination.groups, pairs)
    write_table(arguments.output / "groups.csv", GROUP_COLUMNS, rows)
    write_table(arguments.output / "related.csv", RELATED_COLUMNS, related_rows(samples, pairs))
    rows = finding_rows(examination.findings, arguments.data)
    write_table(arguments.output / "findings.csv", FINDING_COLUMNS, rows)


def _holds_groups(path):
    """Whether a table holds groups (True) or pairs (False)."""
    headings = set(next(iter(read_table(path, ())), {}))
    if {"group", "file"} <= headings:
        return True
    if {"file_a", "class_a", "file_b", "class_b"} <= headings:
        return False
    raise InputError(
        f"{path}: expected a table of groups (group, file) or of pairs (file_a, class_a, file_b, class_b), got "
        f"{', '.join(sorted(headings)) or 'no row'}; give one like BUSI's duplicates.csv or related.csv"
    )


def _compare(samples, pairs, path, is_groups):
    links = [
        (samples[pair.first].id, samples[pair.second].id) for pair in pairs if (pair.kind != "related") == is_groups
    ]
    return (compare_with_table if is_groups else compare_with_related)(samples, links, path)


def _format(summary):
    lines = [
        f"images: {summary['images']}",
        f"groups of one frame: {summary['groups']} with {summary['images_in_groups']} images, "
        f"{summary['redundant']} of them redundant; {summary['pairs_within_groups']} pairs within groups",
        f"pairs of neighbouring frames: {summary['related_pairs']}",
    ]
    lines += [f"{kind}: {count}  ({KINDS[kind]})" for kind, count in summary["findings"].items()]
    for table in summary["comparisons"]:
        recall, precision = (
            "not defined" if table[name] is None else f"{table[name]:.4f}" for name in ("recall", "precision")
        )
        lines.append(
            f"against {table['table']}: recall {recall}, precision {precision}; {table['num_reference']} pairs there, "
            f"{table['num_found']} found, {table['num_both']} in both"
        )
        lines += [f"  only there: {first} and {second}" for first, second in table["missing"]]
        lines += [f"  only found: {first} and {second}" for first, second in table["extra"]]
    return "\n".join([*lines, INTENDED_USE])
