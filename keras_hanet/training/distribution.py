"""Training on several devices, of this process or of several: which there are, and what each takes of a batch.

Under JAX: `keras.distribution.DataParallel`, over the devices of one process or of all. The network is whole on each
device and each takes an equal part of a batch; a step computes what one device would from the whole batch, batch
normalisation included. Under TensorFlow: `MirroredStrategy`, the GPUs of one machine, where each device normalises by
the images of its own part, and the moving averages of the first are saved.
"""

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from keras_hanet.errors import InputError
from keras_hanet.training.processes import DAY_S, is_jax


@dataclass(frozen=True)
class Devices:
    """What a network is trained on; one device, unless `choose_devices` made it.

    Attributes:
        num_devices: devices of all processes together.
        num_processes: processes.
        process_id: number of this process, from 0.
        strategy: `keras.distribution.DataParallel`, `tf.distribute.MirroredStrategy`, or None for one device.
    """

    num_devices: int = 1
    num_processes: int = 1
    process_id: int = 0
    strategy: object = None

    @property
    def share(self):
        """`Share`, this process's part of each batch."""
        from keras_hanet.data.pipeline import Share

        return Share(self.num_devices, self.num_processes, self.process_id)

    @property
    def are_several(self):
        return self.strategy is not None

    @property
    def is_first(self):
        """Whether this process is the one that writes the run folder and scores."""
        return self.process_id == 0

    def placing(self):
        """Context in which a network and its optimizer are made, so that every device has them."""
        return self.strategy.scope() if self.are_several else nullcontext()

    def training(self):
        """Context in which a network is fitted."""
        return self.placing() if is_jax() else nullcontext()

    @contextmanager
    def alone(self):
        """Context in which a network is this process's own, whatever the others do meanwhile."""
        if not (self.are_several and is_jax()):
            yield
            return
        import keras

        keras.distribution.set_distribution(None)
        try:
            yield
        finally:
            keras.distribution.set_distribution(self.strategy)

    def wait(self, moment):
        """Go on when all processes are here; on CPUs the first collective operation would give up after 30 s.

        Args:
            moment: what they wait for, another word each time.
        """
        if self.num_processes > 1:
            # No public name leads to it; JAX's checkpoints and Orbax take it from here too.
            from jax._src.distributed import global_state

            global_state.client.wait_at_barrier(moment, 1000 * DAY_S)

    def check(self, batch_size, num_images):
        """Refuse batches that the devices cannot share equally.

        Raises:
            InputError: if they cannot.
        """
        if batch_size % self.num_devices:
            raise InputError(
                f"batch_size must be a multiple of the {self.num_devices} devices, got {batch_size}; give "
                f"--batch-size {-(-batch_size // self.num_devices) * self.num_devices}, or another number of --devices"
            )
        if self.are_several and num_images < batch_size:
            raise InputError(
                f"an epoch must fill a batch on {self.num_devices} devices, got {num_images} images for a batch of "
                f"{batch_size}; give a smaller --batch-size, or --devices 1"
            )


def choose_devices(num_devices=None, processes=None):
    """What to train on; inside `joined`, for several processes.

    Args:
        num_devices: how many devices of this machine; None for all its GPUs, or one CPU.
        processes: `Processes`, each of which brings all its devices; None for this one alone.

    Returns:
        `Devices`.

    Raises:
        InputError: if there are not so many, or the backend cannot use several.
    """
    if processes is not None and num_devices is not None:
        raise InputError("--devices is for one process; with --coordinator each process takes all devices it can see")
    found = _find_devices()
    if num_devices is None:
        num_devices = len(found) if processes is not None or "gpu" in found[0].lower() else 1
    if not 1 <= num_devices <= len(found):
        raise InputError(f"--devices must be from 1 to the {len(found)} found here, got {num_devices}; give fewer")
    if num_devices == 1:
        return Devices()
    import keras

    if not is_jax():
        import tensorflow as tf

        return Devices(num_devices, strategy=tf.distribute.MirroredStrategy(found[:num_devices]))
    # Sharded by hand: over processes Keras shards tf.data only.
    strategy = keras.distribution.DataParallel(devices=found[:num_devices], auto_shard_dataset=False)
    if processes is None:
        return Devices(num_devices, strategy=strategy)
    import jax

    if jax.local_device_count() * processes.num_processes != num_devices:
        raise InputError(
            f"all {processes.num_processes} processes must have equally many devices, this one has "
            f"{jax.local_device_count()} of {num_devices}; hide some with CUDA_VISIBLE_DEVICES"
        )
    return Devices(num_devices, processes.num_processes, processes.process_id, strategy)


def _find_devices():
    """Names of the devices of all processes: the GPUs, or else the CPUs."""
    import keras

    if is_jax():
        return keras.distribution.list_devices()
    if keras.backend.backend() != "tensorflow":
        return ["cpu"]
    import tensorflow as tf

    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    return [device.name for device in tf.config.list_logical_devices(kind)]
