"""Images that show the same frame, or neighbouring frames of one lesion, found by their pixels alone.

1. Fingerprint: the image at a long side of 512 pixels, its SIFT features (Lowe, "Distinctive image features from
   scale-invariant keypoints", IJCV 60 (2004) 91-110) and a hash of its decoded pixels. Speckle makes thousands of
   distinctive points, and they stay where they are when a frame is cropped, rescaled or drawn upon.
2. Candidates: the features of all images go into one search tree; each votes for the images of its nearest
   neighbours, and only the images an image votes for most are compared with it.
3. Comparison: matched features register one image to the other (rotation, one scale, shift; RANSAC); what
   decides is a correlation of band-passed pixels over the overlap, divided by local contrast first so that bright
   text and calipers weigh no more than speckle.

The thresholds were chosen on BUSI and BUS-BRA; docs/doctor.md says how wide the gaps are that they lie in.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from keras_hanet.data.preprocessing import hash_pixels

NEAR = 0.3  # fine correlation of the same frame ...
NEAR_OVERLAP = 0.25  # ... whose overlap is at least this share of the smaller image: a label or a ruler is less
RELATED = 0.25  # middle correlation of neighbouring frames ...
RELATED_OVERLAP = 0.5  # ... whose overlap is at least this share of the smaller image
_LONG_SIDE = 512
_NUM_FEATURES = 400
_NUM_NEIGHBOURS = 8
_FARTHEST_VOTE, _FARTHEST_MATCH = 245.0, 280.0  # distance of two descriptors (length 512) of maybe one point
_NUM_CANDIDATES, _FEWEST_VOTES = 12, 4  # most images an image is compared with, and the votes each must have
_FEWEST_INLIERS = 6
_LARGEST_SCALE = 4.0
_SMALLEST_OVERLAP = 2000  # pixels of the fingerprint
_MEDIAN, _COARSER = 13, 4  # the middle band is taken without thin strokes, at a quarter of the size
# Standard deviations of the Gaussians, in pixels: band from, band to, local contrast.
_FINE, _MIDDLE = (1, 5, 8), (0.75, 3.75, 5)


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of an image to find its twins.

    Attributes:
        digest: SHA-256 of the decoded pixels (`hash_pixels`).
        grey: (h, w) uint8, the image at a long side of 512 pixels.
        scale: size of `grey` over that of the image.
        points: (N, 2) float32, x and y of the features in `grey`; N is about 400, 0 in a flat image.
        descriptors: (N, 128) float32.
    """

    digest: str
    grey: np.ndarray
    scale: float
    points: np.ndarray
    descriptors: np.ndarray


@dataclass(frozen=True)
class Pair:
    """Two images found alike.

    Attributes:
        first, second: their numbers in the list of fingerprints, first < second.
        kind: "exact" (identical pixels), "near" (same frame) or "related" (neighbouring frames).
        similarity: correlation in the overlap, of fine structure (speckle) for "exact" and "near", of middle
            structure (tissue) for "related"; 1 at most.
        matrix: (2, 3) float64, from (x, y, 1) in the first image to (x, y) in the second, in their own pixels.
    """

    first: int
    second: int
    kind: str
    similarity: float
    matrix: np.ndarray


def take_fingerprint(image):
    """Fingerprint an image.

    Args:
        image: (H, W, 3) uint8 RGB.

    Returns:
        A `Fingerprint`.
    """
    scale = _LONG_SIDE / max(image.shape[:2])
    filtering = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    size = [max(1, round(scale * side)) for side in image.shape[1::-1]]
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), size, interpolation=filtering)
    keypoints, descriptors = cv2.SIFT_create(_NUM_FEATURES).detectAndCompute(grey, None)
    points = np.array([keypoint.pt for keypoint in keypoints], np.float32).reshape(-1, 2)
    if descriptors is None:
        descriptors = np.zeros((0, 128), np.float32)
    return Fingerprint(hash_pixels(image), grey, scale, points, descriptors)


def find_pairs(fingerprints, progress=None):
    """Find the images that show one frame, or neighbouring frames.

    Of images with identical pixels only the first is compared with others; the rest are paired with it.

    Args:
        fingerprints: list of `Fingerprint`.
        progress: as in `write_phantoms`, over the comparisons.

    Returns:
        A list of `Pair`, sorted by their numbers. It holds direct links only: images joined over a third one are
        for `groups.connect` to join.
    """
    first_of = {}
    pairs = []
    for number, fingerprint in enumerate(fingerprints):
        first = first_of.setdefault(fingerprint.digest, number)
        if first != number:
            pairs.append(Pair(first, number, "exact", 1.0, np.eye(2, 3)))
    distinct = sorted(first_of.values())
    candidates = find_candidates([fingerprints[number].descriptors for number in distinct])
    candidates = [(distinct[first], distinct[second]) for first, second in candidates]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [pool.submit(_compare_numbered, fingerprints, *numbers) for numbers in candidates]
        pairs += [pair for task in (progress or iter)(tasks) if (pair := task.result())]
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))


def find_candidates(descriptors):
    """Choose the pairs of images that are worth a comparison.

    Args:
        descriptors: list of (N, 128) float32, one an image.

    Returns:
        A sorted list of (i, j), i < j: j is among the 12 images that i has most votes with, or i among those
        of j, by at least 4 votes. The number of pairs grows with the number of images, not with its square.
    """
    num = len(descriptors)
    owners = np.repeat(np.arange(num), [len(rows) for rows in descriptors])
    if len(owners) <= _NUM_NEIGHBOURS:
        return []
    everything = np.concatenate(descriptors)
    cv2.setRNGSeed(0)
    tree = cv2.flann_Index(everything, {"algorithm": 1, "trees": 4})  # 1: randomised k-d trees
    neighbours, squares = tree.knnSearch(everything, _NUM_NEIGHBOURS, params={"checks": 32})
    voters = np.broadcast_to(owners[:, None], neighbours.shape)
    counts = (owners[neighbours] != voters) & (squares < _FARTHEST_VOTE**2)
    votes = np.zeros((num, num), np.int32)
    np.add.at(votes, (voters[counts], owners[neighbours][counts]), 1)
    votes += votes.T
    chosen = set()
    for first, row in enumerate(votes):
        for second in np.argsort(-row, kind="stable")[:_NUM_CANDIDATES]:
            if row[second] >= _FEWEST_VOTES:
                chosen.add((min(first, int(second)), max(first, int(second))))
    return sorted(chosen)


def compare(first, second):
    """Register two images and correlate them.

    Args:
        first, second: `Fingerprint`.

    Returns:
        kind ("near" or "related"), similarity and matrix, as in `Pair`; None if the images have too little in common.
    """
    matrix = _register(first, second)
    if matrix is None:
        return None
    if np.linalg.det(matrix[:, :2]) > 1:
        # The finer image is brought to the coarser one: enlarged speckle would lack the fine band.
        kind, similarity = _correlate(second.grey, first.grey, cv2.invertAffineTransform(matrix))
    else:
        kind, similarity = _correlate(first.grey, second.grey, matrix)
    matrix = matrix * np.array([1, 1, 1 / first.scale]) * first.scale / second.scale
    return kind and (kind, similarity, matrix)


def _compare_numbered(fingerprints, first, second):
    found = compare(fingerprints[first], fingerprints[second])
    return found and Pair(first, second, *found)


def _register(first, second):
    """(2, 3) float64 from points of `first.grey` to `second.grey`; None if the features do not agree on one."""
    matches = cv2.BFMatcher(cv2.NORM_L2, crossCheck=True).match(first.descriptors, second.descriptors)
    matches = [match for match in matches if match.distance < _FARTHEST_MATCH]
    if len(matches) < _FEWEST_INLIERS:
        return None
    source = first.points[[match.queryIdx for match in matches]]
    target = second.points[[match.trainIdx for match in matches]]
    matrix, inliers = cv2.estimateAffinePartial2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=3)
    if matrix is None or inliers.sum() < _FEWEST_INLIERS:
        return None
    scale = np.sqrt(np.linalg.det(matrix[:, :2]))
    return matrix if 1 / _LARGEST_SCALE <= scale <= _LARGEST_SCALE else None


def _correlate(moving, fixed, matrix):
    """The kind of pair, None for none, and its similarity."""
    size = fixed.shape[1::-1]
    seen = cv2.warpAffine(np.ones_like(moving), matrix, size, flags=cv2.INTER_NEAREST)
    overlap = np.count_nonzero(seen) / min(fixed.size, moving.size * np.linalg.det(matrix[:, :2]))
    inner = cv2.erode(seen, np.ones((9, 9), np.uint8), borderValue=0)
    if overlap < NEAR_OVERLAP or np.count_nonzero(inner) < _SMALLEST_OVERLAP:
        return None, 0.0
    moved = cv2.warpAffine(moving, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    fine = _correlation(moved, fixed, inner, _FINE)
    if fine >= NEAR:
        return "near", fine
    if overlap < RELATED_OVERLAP:
        return None, fine
    coarse = [max(1, side // _COARSER) for side in size]
    moved, fixed = (
        cv2.resize(cv2.medianBlur(grey, _MEDIAN), coarse, interpolation=cv2.INTER_AREA) for grey in (moved, fixed)
    )
    middle = _correlation(moved, fixed, cv2.resize(inner, coarse, interpolation=cv2.INTER_NEAREST), _MIDDLE)
    return ("related" if middle >= RELATED else None), middle


def _correlation(moved, fixed, inner, band):
    """Correlation of one band over the pixels of `inner`."""
    inner = inner.astype(bool)
    moved, fixed = _band(moved, *band)[inner], _band(fixed, *band)[inner]
    return float(np.corrcoef(moved, fixed)[0, 1]) if moved.size and moved.std() and fixed.std() else 0.0


def _band(grey, smooth, rough, contrast):
    """Structure between two scales over its local contrast; where there is none, about 0."""
    grey = grey.astype(np.float32)
    band = cv2.GaussianBlur(grey, (0, 0), smooth) - cv2.GaussianBlur(grey, (0, 0), rough)
    return band / np.sqrt(cv2.GaussianBlur(band * band, (0, 0), contrast) + 4)
