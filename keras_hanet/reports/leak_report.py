"""The report of `hanet doctor`: counts, and every group of one frame side by side with its masks outlined."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from keras_hanet.data.findings import KINDS
from keras_hanet.data.leak_tables import count_kinds
from keras_hanet.data.preprocessing import decode_image, decode_mask
from keras_hanet.drawing import REFERENCE_COLOUR
from keras_hanet.errors import InputError
from keras_hanet.files import replacing
from keras_hanet.reports.document import Command, Facts, KeyFigures, Pictures, Section, Table, Text, write_report

_PICTURE_SIDE = 280  # pixels, the longer side of a picture
_CONFLICTS = ("label_conflict", "patient_conflict", "mask_conflict")
_SPLIT_ADVICE = (
    "Keep each group on one side of every split: hanet split --groups groups.csv, hanet train --groups groups.csv."
)


@dataclass(frozen=True)
class Examination:
    """What `hanet doctor` found in a data set.

    Attributes:
        data: its folder.
        samples: list of `Sample`; positions below are positions in it.
        pairs: list of `Pair`.
        groups: list of lists of positions: images of one frame.
        findings: list of `Finding`.
        comparisons: list of what `compare_with_table` and `compare_with_related` gave.
        command: the command line.
    """

    data: Path
    samples: list
    pairs: list
    groups: list
    findings: list
    comparisons: list
    command: str

    def summary(self):
        """The numbers, ready for JSON."""
        num_grouped = sum(map(len, self.groups))
        return {
            "images": len(self.samples),
            "groups": len(self.groups),
            "images_in_groups": num_grouped,
            "redundant": num_grouped - len(self.groups),
            "pairs_within_groups": sum(len(group) * (len(group) - 1) // 2 for group in self.groups),
            "related_pairs": sum(pair.kind == "related" for pair in self.pairs),
            "findings": count_kinds(self.findings, KINDS),
            "comparisons": self.comparisons,
        }


def write_leak_report(folder, examination, progress=None):
    """Write `report.html`, `report.md` and `pictures/` into a folder.

    Args:
        folder: of the report.
        examination: an `Examination`.
        progress: as in `write_phantoms`, over the pictures.

    Returns:
        path of `report.html`.
    """
    shown = {position for group in examination.groups for position in group}
    shown |= {position for pair in examination.pairs for position in (pair.first, pair.second)}
    by_id = {sample.id: position for position, sample in enumerate(examination.samples)}
    differing = [pair for table in examination.comparisons for pair in (*table["missing"], *table["extra"])]
    shown |= {by_id[name] for pair in differing for name in pair}
    for position in (progress or iter)(sorted(shown)) if shown else ():
        _draw_sample(folder / "pictures", examination.samples[position])
    sections = [
        Section("", (*_overview(examination), Command(examination.command))),
        Section("Findings", _findings(examination)),
        *(
            Section(f"Against {table['table']}", _comparison(examination, by_id, table))
            for table in examination.comparisons
        ),
        *_group_sections(examination),
        Section("Neighbouring frames", _related(examination)),
    ]
    sections = [section for section in sections if section.blocks]
    return write_report(folder, "Data set check", sections, lead=f"{examination.data.name}: {_SPLIT_ADVICE}")


def _overview(examination):
    summary = examination.summary()
    figures = (
        ("groups of one frame", str(summary["groups"]), f"{summary['images_in_groups']} images"),
        ("redundant images", str(summary["redundant"]), f"of {summary['images']}"),
        ("neighbouring frames", str(summary["related_pairs"]), "pairs"),
        ("findings", str(len(examination.findings)), f"of {len(summary['findings'])} kinds"),
    )
    limits = "A lower bound: mirrored copies, and other frames of one patient that look different, are not found."
    return KeyFigures(figures), Text(limits)


def _findings(examination):
    counts = examination.summary()["findings"]
    if not counts:
        return (Text("None."),)
    rows = tuple((kind, str(count), KINDS[kind]) for kind, count in counts.items())
    note = "Which files: findings.csv. Colour, calipers and text are heuristics."
    return (Table(("finding", "number", "what it is"), rows, note, numeric=False),)


def _comparison(examination, by_id, table):
    shares = [f"{share:.4f}" if share is not None else "not defined" for share in (table["recall"], table["precision"])]
    facts = (
        ("recall of pairs, precision of pairs", ", ".join(shares)),
        ("pairs in the table, found, both", f"{table['num_reference']}, {table['num_found']}, {table['num_both']}"),
    )
    blocks = [Facts(facts)]
    for heading, pairs in (("only in the table", table["missing"]), ("only found here", table["extra"])):
        blocks += [
            Pictures(f"{heading}: {first} and {second}", _pictures(examination, (by_id[first], by_id[second])))
            for first, second in pairs
        ]
    return tuple(blocks)


def _group_sections(examination):
    """Groups that contradict themselves first."""
    details = {}
    for item in examination.findings:
        if item.finding in _CONFLICTS:
            details.setdefault(item.file, {})[item.finding] = item.detail
    conflicts, others = [], []
    for number, group in enumerate(examination.groups, start=1):
        found = [details.get(examination.samples[position].image, {}) for position in group]
        words = sorted({kind.replace("_", " ") for entry in found for kind in entry})
        heading = f"Group {number}" + (f": {', '.join(words)}" if words else "")
        notes = [entry.get("mask_conflict", "") for entry in found]
        (conflicts if words else others).append(Pictures(heading, _pictures(examination, group, notes)))
    return Section("Groups with a conflict", tuple(conflicts)), Section("Groups of one frame", tuple(others))


def _related(examination):
    return tuple(
        Pictures(f"Correlation {pair.similarity:.2f}", _pictures(examination, (pair.first, pair.second)))
        for pair in examination.pairs
        if pair.kind == "related"
    )


def _pictures(examination, positions, notes=()):
    pictures = []
    for number, position in enumerate(positions):
        sample = examination.samples[position]
        words = [sample.image.name, sample.diagnosis or "", notes[number] if number < len(notes) else ""]
        pictures.append((Path("pictures") / f"{sample.id}.jpg", ", ".join(filter(None, words))))
    return tuple(pictures)


def _draw_sample(folder, sample):
    """Write the image with its masks outlined, small, as JPEG."""
    image = decode_image(sample.image)
    scale = _PICTURE_SIDE / max(image.shape[:2])
    size = [max(1, round(scale * side)) for side in image.shape[1::-1]]
    picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for path in sample.masks:
        try:
            mask = cv2.resize(decode_mask(path), size, interpolation=cv2.INTER_NEAREST)
        except InputError:
            continue
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, REFERENCE_COLOUR, 1)
    encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    with replacing(folder / f"{sample.id}.jpg") as temporary:
        temporary.write_bytes(np.asarray(encoded).tobytes())
