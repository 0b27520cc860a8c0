"""Training memory: the most a training of HA-Net(DenseNet121) at batch 8 holds at once (VmHWM), beside the peer's."""

import argparse
import sys

from rows import markdown_table, report, run_row

OURS = ("float32", "mixed_bfloat16")
PEERS = ("default", "channels_last", "channels_last_bfloat16")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", metavar="PATH", help="interpreter of the peer's environment")
    parser.add_argument("--write", action="store_true", help="keep the table in results/")
    arguments = parser.parse_args()

    measured = {
        f"HA-Net(DenseNet121), {way}": run_row(sys.executable, "train_ha_net.py", "--precision", way, "--steps", 2)
        for way in OURS
    }
    for way in PEERS if arguments.peer_python else ():
        measured[f"U-Net(DenseNet121), {way}"] = run_row(
            arguments.peer_python, "train_peer.py", "--way", way, "--steps", 2
        )
    rows = [[name, f"{row['peak_gib']:.2f}", row["versions"]] for name, row in measured.items()]
    report("training_memory", markdown_table(["training", "peak GiB", "versions"], rows), arguments.write)


main()
