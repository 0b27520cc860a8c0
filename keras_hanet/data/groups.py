"""Groups of images that must stay on one side of every split."""

from dataclasses import replace

from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from keras_hanet.data.pairing import natural_key
from keras_hanet.data.tables import read_table
from keras_hanet.errors import InputError


def connect(members, links):
    """Join linked members into groups, also over several links.

    Args:
        members: names, without repetition.
        links: iterable of (name, name); a link to a name that is no member is passed over.

    Returns:
        A dict from each member to its group's name: the first member of the group in natural order.
    """
    members = sorted(members, key=natural_key)
    index = {name: position for position, name in enumerate(members)}
    ends = [(index[first], index[second]) for first, second in links if first in index and second in index]
    rows, columns = zip(*ends, strict=True) if ends else ((), ())
    graph = coo_array(([1] * len(ends), (rows, columns)), shape=(len(members), len(members)))
    labels = connected_components(graph, directed=False)[1] if members else []
    names = {}
    for name, label in zip(members, labels, strict=True):
        names.setdefault(label, name)
    return {name: names[label] for name, label in zip(members, labels, strict=True)}


def group_links(samples, path):
    """Read links from a table with the columns of BUSI's `duplicates.csv`.

    Args:
        samples: the data set.
        path: CSV with the columns group and file, and optionally class (the diagnosis). A file may be
            written with or without its suffix. Rows of files the data set does not hold are passed over.

    Returns:
        A list of (id, id), each image linked to the first of its group.

    Raises:
        InputError: if a column is missing.
    """
    find_id = _finder(samples)
    first, links = {}, []
    for row in read_table(path, ("group", "file")):
        name = find_id(row["file"], row.get("class", ""))
        if name is not None:
            links.append((first.setdefault(row["group"], name), name))
    return links


def pair_links(samples, path):
    """Read links from a table with the columns of BUSI's `related.csv`.

    Args:
        samples: the data set.
        path: CSV with the columns file_a, class_a, file_b and class_b.

    Returns:
        A list of (id, id); rows of files the data set does not hold are left out.

    Raises:
        InputError: if a column is missing.
    """
    find_id = _finder(samples)
    rows = read_table(path, ("file_a", "class_a", "file_b", "class_b"))
    ends = [(find_id(row["file_a"], row["class_a"]), find_id(row["file_b"], row["class_b"])) for row in rows]
    return [pair for pair in ends if None not in pair]


def regroup(samples, links):
    """Give samples the groups that links make of them.

    Args:
        samples: list of `Sample`.
        links: iterable of (id, id). Images of one known patient are joined besides.

    Returns:
        The samples, in their order, with new groups; an image without any link is its own group.
    """
    first = {}
    patients = [(first.setdefault(s.patient, s.id), s.id) for s in samples if s.patient is not None]
    groups = connect([sample.id for sample in samples], [*links, *patients])
    return [replace(sample, group=groups[sample.id]) for sample in samples]


def regroup_from_table(samples, path):
    """Replace the groups of a data set by those of a file the user gave.

    Args:
        samples: list of `Sample`.
        path: as in `group_links`.

    Returns:
        As `regroup`.

    Raises:
        InputError: if a column is missing or the table names none of the images.
    """
    links = group_links(samples, path)
    if not links:
        raise InputError(
            f"{path}: expected groups of images like {samples[0].image.name}, found none of this data set; "
            "check that the table belongs to it"
        )
    return regroup(samples, links)


def _finder(samples):
    by_name = {}
    for sample in samples:
        by_name[sample.id] = sample
        by_name[sample.image.name] = sample

    def find_id(name, diagnosis):
        """The image's id; None if the data set has no such image of that diagnosis."""
        sample = by_name.get(name) or by_name.get(name.rpartition(".")[0])
        if sample is None or diagnosis.lower() not in ("", sample.diagnosis or diagnosis.lower()):
            return None
        return sample.id

    return find_id
