"""Tile the overlays of a run into one picture: python scripts/draw_montage.py RUN OUTPUT.png"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from keras_hanet.data.preprocessing import decode_image
from keras_hanet.drawing import write_picture
from keras_hanet.errors import InputError

TILE = 240
NUM_TILES = 8


def montage(folder):
    """Eight overlays of a folder, evenly spaced by name, as (480, 960, 3) uint8."""
    paths = sorted(folder.glob("*.png"))
    if len(paths) < NUM_TILES:
        raise InputError(f"{folder}: expected at least {NUM_TILES} overlays, found {len(paths)}")
    chosen = [paths[index * len(paths) // NUM_TILES] for index in range(NUM_TILES)]
    tiles = [cv2.resize(decode_image(path), (TILE, TILE), interpolation=cv2.INTER_AREA) for path in chosen]
    half = NUM_TILES // 2
    return np.vstack([np.hstack(tiles[:half]), np.hstack(tiles[half:])])


def main():
    parser = argparse.ArgumentParser(description="Tile eight overlays of a run into one picture.")
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument("output", type=Path, help="PNG file to write")
    arguments = parser.parse_args()
    try:
        write_picture(arguments.output, montage(arguments.run / "overlays"))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
