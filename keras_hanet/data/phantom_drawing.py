"""One phantom: a B-mode-like picture with an exact mask.

A phantom is physics in small: a map of echo strength in dB (skin, fat, gland, muscle, a lesion) feeds a
complex Gaussian field of scatterers; a point spread function that widens with depth, the envelope,
attenuation along each scan line and log compression make speckle, shadow and enhancement out of it.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from keras_hanet.data.sample import DIAGNOSES


@dataclass(frozen=True)
class Lesion:
    """The outline of a lesion: an ellipse whose radius is modulated by waves along the angle.

    Attributes:
        y, x: the middle, in pixels.
        half_width, half_height: half axes before the tilt, in pixels.
        tilt: rotation, in radians.
        waves: (number around the outline, amplitude as a share of the radius, phase in radians) each.
    """

    y: float
    x: float
    half_width: float
    half_height: float
    tilt: float = 0.0
    waves: tuple[tuple[int, float, float], ...] = ()

    def distance(self, height, width):
        """About how far each pixel lies outside: (height, width) float32, in pixels, negative inside."""
        y, x = _grid(height, width)
        y, x = y - np.float32(self.y), x - np.float32(self.x)
        along = (x * math.cos(self.tilt) + y * math.sin(self.tilt)) / self.half_width
        across = (y * math.cos(self.tilt) - x * math.sin(self.tilt)) / self.half_height
        angle = np.arctan2(across, along) if self.waves else 0
        outline = 1 + sum(size * np.cos(number * angle + phase) for number, size, phase in self.waves)
        return (np.hypot(along, across) - outline) * math.sqrt(self.half_width * self.half_height)

    def mask(self, height, width):
        """The pixels whose middle lies within the outline: (height, width) uint8 in {0, 1}."""
        return (self.distance(height, width) <= 0).astype(np.uint8)


def speckle_envelope(amplitude, rng, axial_px=1.0, lateral_px=(1.0, 2.2)):
    """Fully developed speckle: the envelope of a random scatterer field seen through the scanner's beam.

    Args:
        amplitude: (H, W) float, the local echo amplitude.
        rng: numpy Generator.
        axial_px: standard deviation of the Gaussian point spread function along depth, in pixels.
        lateral_px: the same across, at the top and at the bottom; it changes evenly in between.

    Returns:
        (H, W) float32. Where `amplitude` is constant, a, this is Rayleigh distributed with mean square
        a^2, so its mean over its standard deviation is 1.91.
    """
    field = rng.standard_normal((*amplitude.shape, 2), dtype=np.float32)
    field *= amplitude[..., None]
    near, far = lateral_px
    seen_near = cv2.GaussianBlur(field, (0, 0), near, sigmaY=axial_px)
    seen_far = cv2.GaussianBlur(field, (0, 0), far, sigmaY=axial_px)
    share = np.linspace(0, 1, len(amplitude), dtype=np.float32)[:, None]
    mixed = (1 - share)[..., None] * seen_near + share[..., None] * seen_far
    lateral_power = (1 - share) ** 2 * _overlap(near, near) + share**2 * _overlap(far, far)
    lateral_power += 2 * share * (1 - share) * _overlap(near, far)
    power = 2 * lateral_power * _overlap(axial_px, axial_px)
    return np.hypot(mixed[..., 0], mixed[..., 1]) / np.sqrt(power)


def draw_phantom(diagnosis, rng, height, width):
    """Draw one phantom.

    Benign: a smooth ellipse, wider than tall, with a thin capsule, enhancement behind it and shadows at its
    sides. Malignant: lobulated and spiculated, often taller than wide, edge blurred, shadow behind it.
    Normal: no lesion. All have fat lobules, mild shadows and small dark spots that are no lesions.

    Args:
        diagnosis: "normal", "benign" or "malignant".
        rng: numpy Generator; the same state gives the same phantom.
        height: H, in pixels.
        width: W, in pixels.

    Returns:
        image (H, W) uint8, 0..255, and mask (H, W) uint8 in {0, 1}: the shape that was drawn.
    """
    if diagnosis not in DIAGNOSES:
        raise ValueError(f"`diagnosis` must be one of {DIAGNOSES}. Received: diagnosis={diagnosis!r}")
    echo_db, gland_top, gland_bottom = _draw_tissue(rng, height, width)
    loss_db = _draw_distractors(rng, echo_db, gland_top, gland_bottom)
    mask = np.zeros((height, width), np.uint8)
    if diagnosis != "normal":
        lesion = _draw_outline(diagnosis, rng, gland_top, gland_bottom)
        mask = lesion.mask(height, width)
        loss_db += _insert_lesion(diagnosis, rng, echo_db, lesion)
    # The beam is a few pixels wide, and so is the edge of every shadow.
    loss_db = cv2.GaussianBlur(loss_db, (0, 0), width / 60, sigmaY=1)
    return _scan(rng, echo_db - loss_db), mask


def _overlap(first_px, second_px):
    """Sum of the product of two Gaussian kernels: the power white noise keeps where both act on it."""
    return 1 / math.sqrt(2 * math.pi * (first_px**2 + second_px**2))


def _grid(height, width):
    """Row and column numbers, (height, 1) and (1, width) float32."""
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]


def _step(distance, softness):
    """0 far below 0, 1 far above, 0.5 at 0; as an edge seen by a beam of this softness, in pixels."""
    return 0.5 + 0.5 * np.tanh(distance / (2 * softness))


def _smooth_noise(rng, height, width, cell_height, cell_width):
    """(height, width) float32 noise of standard deviation about 1, with cells of this size in pixels."""
    rows, columns = math.ceil(height / cell_height) + 3, math.ceil(width / cell_width) + 3
    grid = rng.standard_normal((rows, columns), dtype=np.float32)
    zoomed = cv2.resize(grid, None, fx=cell_width, fy=cell_height, interpolation=cv2.INTER_CUBIC)
    top, left = int(cell_height), int(cell_width)
    return zoomed[top : top + height, left : left + width] / 0.75


def _strands(rng, height, width, cell_height, cell_width, thickness):
    """(height, width) in 0..1: thin bright strands where a smooth noise crosses zero, in pieces."""
    noise = _smooth_noise(rng, height, width, cell_height, cell_width)
    strength = np.clip(0.5 + 0.6 * _smooth_noise(rng, height, width, 2 * cell_height, cell_width), 0, 1)
    return strength * np.exp(-((noise / thickness) ** 2))


def _draw_tissue(rng, height, width):
    """Echo strength (H, W) float32 in dB, and the (W,) depths in pixels where the gland starts and ends."""
    unit = height / 300
    y, _ = _grid(height, width)

    def wave(cell, size):
        return size * unit * _smooth_noise(rng, 1, width, 1, cell * unit)

    skin = unit * rng.uniform(8, 14) + wave(150, 0.7)
    gland_top = height * rng.uniform(0.15, 0.30) + wave(110, 8) + wave(45, 3)
    gland_bottom = height * rng.uniform(0.66, 0.82) + wave(160, 6)

    fat = -12 + 1.5 * _smooth_noise(rng, height, width, 20 * unit, 40 * unit)
    fat += 12 * _strands(rng, height, width, 15 * unit, 130 * unit, 0.15)
    gland = rng.uniform(-8, -5) + 2.5 * _smooth_noise(rng, height, width, 18 * unit, 60 * unit)
    gland += 2 * _smooth_noise(rng, height, width, 4 * unit, 18 * unit)
    gland += 7 * _strands(rng, height, width, 9 * unit, 70 * unit, 0.25)
    gland += 7 * _strands(rng, height, width, 14 * unit, 110 * unit, 0.15)
    muscle = -16 + 2 * _smooth_noise(rng, height, width, 12 * unit, 90 * unit)
    muscle += 13 * _strands(rng, height, width, 7 * unit, 140 * unit, 0.3)

    echo = np.where(y < gland_bottom, gland, muscle)
    frayed_top = gland_top + 6 * unit * _smooth_noise(rng, height, width, 7 * unit, 35 * unit)
    echo += _step(frayed_top - y, 1.5 * unit) * (fat - echo)
    for border in (frayed_top, gland_bottom):
        strength = np.clip(0.5 + 0.5 * _smooth_noise(rng, 1, width, 1, 40 * unit), 0, 1)
        echo += 9 * strength * np.exp(-(((y - border) / (1.5 * unit)) ** 2))
    echo = np.where(y < skin, 2 - 8 * np.exp(-(((y - 0.55 * skin) / (2.5 * unit)) ** 2)), echo)

    # All layers tilt and bend together, the deeper the more.
    bend = wave(250, 9) + np.linspace(-20, 20, width, dtype=np.float32) * unit * rng.uniform(-1, 1)
    columns = np.tile(_grid(height, width)[1], (height, 1))
    rows = (y - bend * y / height).astype(np.float32)
    echo = cv2.remap(echo, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return echo, (gland_top + 0.2 * bend)[0], (gland_bottom + 0.7 * bend)[0]


def _draw_distractors(rng, echo_db, gland_top, gland_bottom):
    """Put fat lobules and spots into `echo_db`; return the (H, W) float32 loss of mild shadows, in dB."""
    height, width = echo_db.shape
    unit = height / 300
    for _ in range(rng.integers(2, 6)):
        spot = _place(rng, gland_top, gland_bottom, unit * rng.uniform(10, 26), unit * rng.uniform(4, 8))
        _blend(echo_db, spot.distance(height, width), -12.0, 2.0)
    for _ in range(rng.integers(0, 4)):
        radius = unit * rng.uniform(2, 4)
        spot = _place(rng, gland_top, gland_bottom, radius * rng.uniform(1, 2), radius)
        _blend(echo_db, spot.distance(height, width), -24.0, 1.0)
    y, x = _grid(height, width)
    loss = np.zeros_like(echo_db)
    for _ in range(rng.integers(1, 5)):
        start, middle = rng.uniform(0.1, 0.8) * height, rng.uniform(0, 1) * width
        spread = rng.uniform(0.02, 0.07) * width * (1 + 0.4 * y / height)
        loss += rng.uniform(2, 8) * _step(y - start, 15 * unit) * np.exp(-0.5 * ((x - middle) / spread) ** 2)
    return loss


def _draw_outline(diagnosis, rng, gland_top, gland_bottom):
    """A `Lesion` of this diagnosis that lies in the gland."""
    width = len(gland_top)
    if diagnosis == "benign":
        half_width = width * rng.uniform(0.08, 0.22)
        half_height = half_width * rng.uniform(0.5, 0.8)
        return _place(rng, gland_top, gland_bottom, half_width, half_height, _draw_waves(rng, (2, 4), 0.03))
    half_width = width * rng.uniform(0.07, 0.17)
    half_height = half_width * rng.uniform(0.85, 1.4)
    waves = _draw_waves(rng, (2, 6), 0.09) + _draw_waves(rng, (7, 13), 0.03)
    return _place(rng, gland_top, gland_bottom, half_width, half_height, waves)


def _draw_waves(rng, numbers, size):
    return tuple((n, rng.uniform(0.3, 1) * size, rng.uniform(0, 2 * math.pi)) for n in range(*numbers))


def _place(rng, gland_top, gland_bottom, half_width, half_height, waves=()):
    """A lesion or spot of this size, somewhere in the gland; in its middle where it hardly fits."""
    width = len(gland_top)
    x = rng.uniform(1.3 * half_width, width - 1.3 * half_width)
    top, bottom = gland_top[int(x)] + half_height, gland_bottom[int(x)] - half_height
    y = rng.uniform(top, bottom) if top < bottom else (top + bottom) / 2
    y = max(y, 0.06 * width + 1.1 * half_height)
    return Lesion(y, x, half_width, half_height, rng.normal(0, 0.15), waves)


def _blend(echo_db, distance, level, softness_px):
    """Bring the inside of an outline to `level`, in place; at the outline itself half of the way is done."""
    echo_db += _step(-distance, 0.5 * softness_px) * (level - echo_db)


def _insert_lesion(diagnosis, rng, echo_db, lesion):
    """Put the lesion into `echo_db`; return the (H, W) float32 loss it casts along the scan lines, in dB."""
    height, width = echo_db.shape
    unit = height / 300
    distance = lesion.distance(height, width)
    texture = _smooth_noise(rng, height, width, 8 * unit, 12 * unit)
    if diagnosis == "benign":
        level = -34.0 if rng.random() < 0.2 else rng.uniform(-23, -18)
        echo_db += 4 * np.exp(-(((distance - 2 * unit) / (1.5 * unit)) ** 2))
        _blend(echo_db, distance, level + 1.0 * texture, 1.5 * unit)
        behind = -rng.uniform(5, 10)
    else:
        echo_db += 4 * np.exp(-(((distance - 7 * unit) / (5 * unit)) ** 2))
        _blend(echo_db, distance, rng.uniform(-25, -19) + 2.5 * texture, 3 * unit)
        behind = rng.uniform(10, 18)
    inside = (distance <= 0).astype(np.float32)
    path = np.cumsum(inside, axis=0) / (2 * lesion.half_height)
    loss = behind * path * (1 - inside)
    if diagnosis == "benign":
        y, x = _grid(height, width)
        behind_middle = _step(y - lesion.y, 4 * unit)
        for side in (-1, 1):
            edge = lesion.x + side * lesion.half_width
            loss += 5 * behind_middle * np.exp(-(((x - edge) / (4 * unit)) ** 2))
    return loss


def _scan(rng, echo_db):
    """Speckle, depth gain, noise of the receiver and log compression: (H, W) uint8."""
    height = len(echo_db)
    sharpness = height / 300 * rng.uniform(0.8, 1.1)
    looks = int(rng.integers(2, 5))
    beam = {"axial_px": 0.8 * sharpness, "lateral_px": (0.9 * sharpness, 1.8 * sharpness)}
    amplitude = 10 ** (echo_db / 20)
    power = sum(speckle_envelope(amplitude, rng, **beam) ** 2 for _ in range(looks)) / looks
    depth = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    gain_db = 2.5 * _smooth_noise(rng, height, 1, height / 4, 1)
    gain_db -= rng.uniform(5, 30) * np.clip(depth - 0.4, 0, 1)
    received_db = 10 * np.log10(power * 10 ** (gain_db / 10) + 10 ** -4.6)
    floor, ceiling = rng.uniform(-40, -31), rng.uniform(10, 18)
    grey = 255 * (received_db - floor) / (ceiling - floor)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
