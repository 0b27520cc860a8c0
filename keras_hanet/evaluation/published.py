"""What is known beside a claim: the lesions of BUSI, the agreement of readers, published scores."""

# Lesion pixels as a share of the image in BUSI, the masks of one image united: over its 647 lesion images and over all
# 780. Quartiles of the lesion images: 2.2, 5.8, 13.1 %.
BUSI_LESION = {"num": 647, "mean": 0.0944, "sd": 0.0987}
BUSI_ALL = {"num": 780, "mean": 0.0783, "sd": 0.0966}
BUSI_NORMALS = 133
DUPLICATES_DICE = 0.83

BESIDE = (  # what, Dice in %, IoU in %, source
    ("two masks of one frame (BUSI's duplicates), on average", "83", "", "BUSI's own masks"),
    ("readers with each other, malignant to benign: overlap", "73 to 80", "", "PMC5438055"),
    ("U-Net, held out, 3 splits 8:1:1", "74.9", "", "RWKV-UNet README, issue #11"),
    ("Attention U-Net, the same", "78.1", "", "RWKV-UNet README, issue #11"),
    ("TransUNet, the same", "79.4", "", "RWKV-UNet README, issue #11"),
    ("RWKV-UNet, the same", "81.9", "", "RWKV-UNet README, issue #11"),
    ("U-Net, 3 x 70/30, best epoch picked on the scored part", "77.0", "68.6", "Medical-Image-Segmentation-Benchmarks"),
    ("Mobile U-ViT, the same", "81.2", "72.9", "Medical-Image-Segmentation-Benchmarks"),
    ("HAU-Net, 5 folds as printed", "83.1", "75.3", "BSPC 2023"),
    ("HA-Net's claim, one run", "97.28", "94.75", "arXiv 2506.16592"),
)

CANNOT_KNOW = (
    "which images were scored, and whether twins of them, the same patients or the scored images themselves were "
    "trained on, or chose the epoch or the threshold",
    "whether all scores were averaged in one way over the same images, at which image size and threshold",
    "whether the scored images have the lesion shares of BUSI; --lesion-share tells it",
    "whether the digits were rounded, as is assumed here, or cut off: then up to one unit more in the last digit",
    "whether several pairs of scores, each possible, are possible together",
    "whether anybody measured the numbers: possible means that some set of images would give them, no more",
)
