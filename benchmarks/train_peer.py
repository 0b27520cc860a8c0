"""One row: training steps of segmentation_models_pytorch's U-Net(DenseNet121); the last line of output is JSON.

Runs in an environment of its own, see requirements-peer.txt.
"""

import argparse
import json
import time

import torch
from rows import peak_memory_gib

WAYS = ("default", "channels_last", "channels_last_bfloat16")
WARM_UP_STEPS = 2


def import_peer():
    """Import the peer, also beside PyTorch's CPU build.

    torchvision's published wheel has its operators for the CUDA build and does not import beside the
    CPU build, because two of them, for object detection, are not there. The peer takes from it only
    DenseNet, which is Python; so the two are declared, and never called.
    """
    declarations = None
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        declarations = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            declarations.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import segmentation_models_pytorch

    return segmentation_models_pytorch, declarations  # which are undone when the object is deleted


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=WAYS, default="default")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    peer, _declarations = import_peer()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    layout = torch.contiguous_format if arguments.way == "default" else torch.channels_last
    model = peer.Unet(encoder_name="densenet121", encoder_weights=None).train().to(memory_format=layout)
    image = torch.rand(arguments.batch_size, 3, 256, 256).to(memory_format=layout)
    mask = (torch.rand(arguments.batch_size, 1, 256, 256) > 0.9).float()
    optimizer = torch.optim.Adam(model.parameters())
    binary_cross_entropy, jaccard = torch.nn.BCEWithLogitsLoss(), peer.losses.JaccardLoss("binary")

    seconds = []
    for _ in range(WARM_UP_STEPS + arguments.steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.way == "channels_last_bfloat16"):
            logits = model(image)
        logits = logits.float()
        loss = binary_cross_entropy(logits, mask) + jaccard(logits, mask)
        loss.backward()
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - start)
    result = {"images_per_s": arguments.batch_size / min(seconds[WARM_UP_STEPS:]), "peak_gib": peak_memory_gib()}
    print(json.dumps({**result, "versions": f"smp {peer.__version__}, torch {torch.__version__}"}))


if __name__ == "__main__":
    main()
