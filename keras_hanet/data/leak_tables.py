"""The tables of images that show one frame: written as BUSI's are, and held against another such table."""

from collections import Counter
from itertools import combinations

from keras_hanet.data.groups import connect, group_links, pair_links
from keras_hanet.data.pairing import natural_key

GROUP_COLUMNS = ("group", "kind", "file", "class", "similarity")
RELATED_COLUMNS = ("file_a", "class_a", "file_b", "class_b", "similarity")
FINDING_COLUMNS = ("file", "finding", "detail")


def group_images(samples, pairs):
    """Join the images of exact and near pairs into groups.

    Args:
        samples: list of `Sample`.
        pairs: list of `Pair` of positions in `samples`.

    Returns:
        A list of lists of positions; only groups of two and more, in natural order of their first image.
    """
    position = {sample.id: number for number, sample in enumerate(samples)}
    links = [(samples[pair.first].id, samples[pair.second].id) for pair in pairs if pair.kind != "related"]
    groups = {}
    for name, group in connect(position, links).items():
        groups.setdefault(group, []).append(position[name])
    groups = [sorted(group, key=lambda number: natural_key(samples[number].id)) for group in groups.values()]
    return sorted((group for group in groups if len(group) > 1), key=lambda group: natural_key(samples[group[0]].id))


def group_rows(samples, groups, pairs):
    """The rows of `groups.csv`, one an image: groups count from 1 as `check_groups` does.

    `kind` is "exact" for an image with the pixels of another, otherwise "near"; `similarity` is the highest of the
    image with another of its group.
    """
    best, exact = {}, set()
    for pair in pairs:
        if pair.kind != "related":
            for number in (pair.first, pair.second):
                best[number] = max(pair.similarity, best.get(number, 0))
        if pair.kind == "exact":
            exact |= {pair.first, pair.second}
    return [
        {
            "group": number,
            "kind": "exact" if position in exact else "near",
            "file": samples[position].image.name,
            "class": samples[position].diagnosis or "",
            "similarity": f"{best[position]:.4f}",
        }
        for number, group in enumerate(groups, start=1)
        for position in group
    ]


def related_rows(samples, pairs):
    """The rows of `related.csv`: neighbouring frames, one row a pair."""
    rows = []
    for pair in pairs:
        if pair.kind == "related":
            first, second = samples[pair.first], samples[pair.second]
            row = (first.image.name, first.diagnosis or "", second.image.name, second.diagnosis or "")
            rows.append(dict(zip(RELATED_COLUMNS, (*row, f"{pair.similarity:.4f}"), strict=True)))
    return rows


def finding_rows(findings, folder):
    """The rows of `findings.csv`, with paths relative to the data set's folder."""
    return [
        {"file": item.file.relative_to(folder).as_posix(), "finding": item.finding, "detail": item.detail}
        for item in findings
    ]


def compare_with_table(samples, found, path):
    """Hold the pairs of images within groups against those of another table.

    Args:
        samples: list of `Sample`.
        found: iterable of (id, id); images linked over others count as pairs too.
        path: table with the columns of BUSI's `duplicates.csv`.

    Returns:
        {"table", "num_reference", "num_found", "num_both", "recall", "precision", "missing", "extra"}: the last two
        are lists of [id, id] that only the table, or only we, have. A share of nothing is None.

    Raises:
        InputError: if the table lacks a column.
    """
    return _agreement(path, _within(samples, group_links(samples, path)), _within(samples, found))


def compare_with_related(samples, found, path):
    """The same for single pairs, against a table with the columns of BUSI's `related.csv`."""
    reference = {frozenset(pair) for pair in pair_links(samples, path)}
    return _agreement(path, reference, {frozenset(pair) for pair in found})


def count_kinds(findings, kinds):
    """{kind: number of findings} of those kinds that occur, in the order of `kinds`."""
    counts = Counter(item.finding for item in findings)
    return {kind: counts[kind] for kind in kinds if counts[kind]}


def _within(samples, links):
    groups = {}
    for name, group in connect([sample.id for sample in samples], links).items():
        groups.setdefault(group, []).append(name)
    return {frozenset(pair) for group in groups.values() for pair in combinations(group, 2)}


def _agreement(path, reference, found):
    both = reference & found
    return {
        "table": path.name,
        "num_reference": len(reference),
        "num_found": len(found),
        "num_both": len(both),
        "recall": len(both) / len(reference) if reference else None,
        "precision": len(both) / len(found) if found else None,
        "missing": _sorted_pairs(reference - found),
        "extra": _sorted_pairs(found - reference),
    }


def _sorted_pairs(pairs):
    pairs = [sorted(pair, key=natural_key) for pair in pairs]
    return sorted(pairs, key=lambda pair: [natural_key(name) for name in pair])
