"""What a benchmark ran on: processor, versions, load; and the environment that a measuring process gets."""

import os
import platform
from importlib import metadata
from pathlib import Path

from keras_hanet.version import __version__

# Instructions that make convolutions fast, in floating point or in int8.
NOTABLE_FLAGS = (
    *("avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16"),
    *("asimd", "asimddp", "i8mm", "bf16", "sve"),
)
BUSY_LOAD = 0.5
_PACKAGES = (
    *("numpy", "opencv-python-headless", "Pillow", "ai-edge-litert", "tensorflow", "keras", "onnxruntime", "openvino"),
)
_THREAD_VARIABLES = (
    *("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENCV_FOR_THREADS_NUM"),
)
# They make a current OpenBLAS slow.
_LEFT_OUT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def describe_machine():
    """Processor, its notable instructions, cores, load and versions.

    Returns:
        dict, JSON-ready; None for what the system does not say. "cores" are those this process may use, "load_average"
        is that of the last minute.
    """
    cpu = _read("/proc/cpuinfo")
    flags = set((cpu.get("flags") or cpu.get("Features") or "").split())
    return {
        "cpu": cpu.get("model name") or cpu.get("Model") or platform.processor() or None,
        "architecture": platform.machine(),
        "flags": [flag for flag in NOTABLE_FLAGS if flag in flags],
        "cores": len(os.sched_getaffinity(0)),
        "governor": _governor(),
        "system": platform.platform(),
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {"keras-hanet": __version__, **_versions()},
    }


def busy_warning(machine):
    """A sentence if the machine had other work when the benchmark started; None if it was quiet."""
    load = machine["load_average"]
    if load <= BUSY_LOAD:
        return None
    return (
        f"the machine is busy: a load of {load:g} at the start on {machine['cores']} cores; times are those of a "
        "shared machine, run it again on a quiet one"
    )


def child_environment(num_threads):
    """Environment variables of a process whose libraries take this number of threads."""
    kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    return {**kept, **dict.fromkeys(_THREAD_VARIABLES, str(num_threads)), "TF_CPP_MIN_LOG_LEVEL": "3"}


def peak_memory_mib():
    """The most memory this process has held at once, in MiB: VmHWM, which Linux starts anew for each program.

    `getrusage` would not do: its value is at least that of the process which started this one.
    """
    return int(_read("/proc/self/status")["VmHWM"].split()[0]) / 1024


def _read(path):
    """The "name: value" lines of a file of the system; the first of each name counts, {} without the file."""
    values = {}
    if Path(path).is_file():
        for line in Path(path).read_text().splitlines():
            name, _, value = line.partition(":")
            values.setdefault(name.strip(), value.strip())
    return values


def _governor():
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return path.read_text().strip() if path.is_file() else None


def _versions():
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
