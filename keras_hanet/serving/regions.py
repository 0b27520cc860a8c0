"""Removal of small regions in TensorFlow operations: the same pixels as `evaluation.threshold.apply_threshold`.

A region is found by its horizontal runs, not by its pixels: a mask of half a million pixels has a few hundred.
"""

import tensorflow as tf


def remove_small_regions(mask, smallest_area):
    """Remove connected regions (a pixel has 8 neighbours) that are too small.

    Args:
        mask: (H, W) bool.
        smallest_area: float64 scalar; regions with fewer pixels are removed.

    Returns:
        (H, W) bool.
    """
    shape = tf.shape(mask)
    # With a border column on both sides no run reaches from one row into the next.
    stride = tf.cast(shape[1] + 2, tf.int64)
    pixels = tf.reshape(tf.pad(mask, [[0, 0], [1, 1]]), [-1])
    starts, stops = _find_runs(pixels)
    regions = _join(*_find_edges(starts, stops, stride), tf.size(starts, tf.int64))
    areas = tf.math.unsorted_segment_sum(stops - starts, regions, tf.size(starts))
    small = tf.cast(tf.gather(areas, regions), tf.float64) < smallest_area
    removed = tf.ragged.range(tf.boolean_mask(starts, small), tf.boolean_mask(stops, small)).values
    pixels = tf.tensor_scatter_nd_update(pixels, removed[:, None], tf.zeros_like(removed, tf.bool))
    return tf.reshape(pixels, [shape[0], shape[1] + 2])[:, 1:-1]


def _find_runs(pixels):
    """First position and the one behind the last of each run: (R,) int64 each, in rising order."""
    changes = tf.where(pixels[1:] != pixels[:-1])[:, 0] + 1
    bounds = tf.reshape(changes, [-1, 2])
    return bounds[:, 0], bounds[:, 1]


def _find_edges(starts, stops, stride):
    """Pairs of runs that touch, enough of them to connect all that do: (E,) int64 each.

    They are each run's first above and first below. Of two runs that touch, one is the other's first: where a run has
    an earlier one above, nothing else than this run is below what follows.
    """
    runs = tf.range(tf.size(starts, tf.int64))
    first_above, above = _find_touching(starts, stops, -stride)
    first_below, below = _find_touching(starts, stops, stride)
    left = tf.concat([tf.boolean_mask(runs, above), tf.boolean_mask(runs, below)], 0)
    right = tf.concat([tf.boolean_mask(first_above, above), tf.boolean_mask(first_below, below)], 0)
    return left, right


def _find_touching(starts, stops, shift):
    """For each run, the first that it touches in the row `shift` away, and whether there is one."""
    first = tf.searchsorted(stops, starts + shift, side="left", out_type=tf.int64)
    last = tf.searchsorted(starts, stops + shift, side="right", out_type=tf.int64) - 1
    return first, first <= last


def _join(left, right, num_runs):
    """The smallest run of each run's region: (R,) int64.

    Each round every region that is not the smallest among its neighbours joins its smallest one; two rounds at least
    halve the number of regions that are still to be joined.
    """

    def unfinished(regions, changed):
        return changed

    def join(regions, changed):
        ends = tf.gather(regions, left), tf.gather(regions, right)
        smallest = tf.math.unsorted_segment_min(tf.minimum(*ends), tf.maximum(*ends), num_runs)
        joined = _point_to_root(tf.minimum(regions, smallest))
        return joined, tf.reduce_any(joined != regions)

    return tf.while_loop(unfinished, join, [tf.range(num_runs), tf.size(left) > 0])[0]


def _point_to_root(parents):
    """Follow each chain of parents to its end, twice as far in every step."""

    def unfinished(parents, grandparents):
        return tf.reduce_any(parents != grandparents)

    def jump(parents, grandparents):
        return grandparents, tf.gather(grandparents, grandparents)

    return tf.while_loop(unfinished, jump, [parents, tf.gather(parents, parents)])[0]
