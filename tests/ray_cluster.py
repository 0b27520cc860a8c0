"""Two Ray nodes on this machine, of one processor core each; what they say to each other does not leave it."""

import shutil
import tempfile
from contextlib import contextmanager

from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}


@contextmanager
def two_nodes(**second):
    """Start them; gives the `Cluster` and its second node. At the end their processes and files are gone.

    Args:
        second: what the second node has besides, `num_gpus=1`.
    """
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets need a short path
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "temp_dir": folder})
    try:
        yield cluster, cluster.add_node(**NODE, **second)
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
