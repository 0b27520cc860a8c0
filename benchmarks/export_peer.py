"""Writes segmentation_models_pytorch's U-Net(DenseNet121) as ONNX, for `hanet benchmark --peer`.

Runs in an environment of its own, see requirements-peer.txt.
"""

import argparse

import torch
from train_peer import import_peer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="of the file, such as peer.onnx")
    arguments = parser.parse_args()
    peer, _declarations = import_peer()
    torch.manual_seed(0)
    model = peer.Unet(encoder_name="densenet121", encoder_weights=None).eval()
    # Weights of a network without training are small: their size does not change the time.
    torch.onnx.export(
        model, (torch.rand(1, 3, 256, 256),), arguments.path, input_names=["image"], output_names=["logits"],
        opset_version=18, dynamo=True, external_data=False,
    )


if __name__ == "__main__":
    main()
