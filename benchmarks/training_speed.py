"""Training speed: HA-Net(DenseNet121) against segmentation_models_pytorch's U-Net(DenseNet121), images a second.

Both sides: random weights, 256 x 256, batch 8, two threads, cross-entropy + Jaccard, Adam, data in
memory; the best of six steps after two to warm up.
"""

import argparse
import sys

from rows import markdown_table, report, run_row

OURS = {"float32": "float32", "mixed_bfloat16": "mixed_bfloat16 (preset `standard`)"}
PEERS = {
    "default": "as documented (float32, contiguous)",
    "channels_last": "float32, channels_last",
    "channels_last_bfloat16": "channels_last, bfloat16 autocast",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", required=True, metavar="PATH", help="interpreter of the peer's environment")
    parser.add_argument("--write", action="store_true", help="keep the table in results/")
    arguments = parser.parse_args()

    peers = {way: run_row(arguments.peer_python, "train_peer.py", "--way", way) for way in PEERS}
    ours = {way: run_row(sys.executable, "train_ha_net.py", "--precision", way) for way in OURS}
    measured = [(f"HA-Net(DenseNet121), {OURS[way]}", row) for way, row in ours.items()]
    measured += [(f"U-Net(DenseNet121), {PEERS[way]}", row) for way, row in peers.items()]
    default = peers["default"]["images_per_s"]
    best = max(row["images_per_s"] for row in peers.values())
    rows = [
        [name, f"{speed:.2f}", f"{speed / default:.2f}", f"{speed / best:.2f}", row["versions"]]
        for name, row in measured
        for speed in [row["images_per_s"]]
    ]
    header = ["training", "images/s", "x peer as documented", "x peer at its best", "versions"]
    report("training_speed", markdown_table(header, rows), arguments.write)


main()
