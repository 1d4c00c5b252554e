"""The ways to train on several workers that an audit can set up on this machine.

A feed may read which worker it is made for: the variables `EPOCHWATCH_WORKER`, from 0, and
`EPOCHWATCH_WORKERS`, and what the framework itself says, such as `jax.process_index()`.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from types import ModuleType

from epochwatch._auditing.workers import free_ports
from epochwatch.errors import BadInput

WORKER, WORKERS, RUN = "EPOCHWATCH_WORKER", "EPOCHWATCH_WORKERS", "EPOCHWATCH_RUN"
MIRRORED, MULTI_WORKER, JAX, TORCH = STRATEGIES = ("mirrored", "multi_worker", "jax", "torch")
# By what Keras runs on, the default first.
STRATEGIES_OF = {
    "tensorflow": (MIRRORED,),
    "tf_keras": (MULTI_WORKER, MIRRORED),
    "jax": (JAX,),
    "torch": (TORCH,),
}
CPUS_ONLY = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}


def strategy_for(strategy: str | None, backend: str) -> str:
    """Choose the strategy, or refuse one that a backend does not have."""
    allowed = STRATEGIES_OF[backend]
    if strategy in (None, *allowed):
        return strategy or allowed[0]
    remedy = "; Keras 3 cannot train under it (keras#20585): add --backend tf_keras"
    raise BadInput(
        f"strategy: got {strategy!r}, allowed on {backend}: {' or '.join(allowed)}"
        + (remedy if (strategy, backend) == (MULTI_WORKER, "tensorflow") else "")
    )


def processes_of(strategy: str, workers: int) -> int:
    """Count the processes: the replicas of a mirrored training are in one."""
    return 1 if strategy == MIRRORED else workers


def environments(strategy: str, workers: int, run: str) -> list[dict]:
    """Make the variables of each process, with how the processes find each other.

    Args:
        strategy: of `STRATEGIES`.
        workers: how many there are.
        run: names the run.
    """
    count = processes_of(strategy, workers)
    hosts = [f"127.0.0.1:{port}" for port in free_ports(count)]
    common = {**os.environ, **CPUS_ONLY, RUN: run, WORKERS: str(count)}
    return [
        {**common, WORKER: str(number), **_of_framework(strategy, hosts, number)}
        for number in range(count)
    ]


def _of_framework(strategy: str, hosts: list[str], number: int) -> dict[str, str]:
    if strategy == MULTI_WORKER:
        task = {"type": "worker", "index": number}
        return {"TF_CONFIG": json.dumps({"cluster": {"worker": hosts}, "task": task})}
    if strategy == TORCH:
        address, port = hosts[0].split(":")
        places = {"RANK": number, "LOCAL_RANK": number, "WORLD_SIZE": len(hosts)}
        return {"MASTER_ADDR": address, "MASTER_PORT": port} | {k: str(places[k]) for k in places}
    return {"JAX_COORDINATOR_ADDRESS": hosts[0]} if strategy == JAX else {}


@contextlib.contextmanager
def alone(strategy: str) -> Iterator[None]:
    """Have this process be the only worker: its feed is the plain one, not sharded."""
    before = {name: os.environ.get(name) for name in (WORKER, WORKERS)}
    os.environ |= {WORKER: "0", WORKERS: "1"}
    with contextlib.ExitStack() as around:
        if strategy == TORCH:
            around.enter_context(_group_of_one())
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextlib.contextmanager
def _group_of_one() -> Iterator[None]:
    """Have torch's process group, which a DistributedSampler asks, be this process."""
    import torch.distributed

    if torch.distributed.is_initialized():
        yield
        return
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def join(strategy: str, workers: int):
    """In a worker, before Keras is imported: join the others. Returns a tf.distribute.Strategy."""
    if strategy == TORCH:
        import torch.distributed

        torch.distributed.init_process_group("gloo")
        return None
    if strategy == JAX:
        import jax

        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        count, number = int(os.environ[WORKERS]), int(os.environ[WORKER])
        jax.distributed.initialize(num_processes=count, process_id=number)
        return None
    import tensorflow as tf

    if strategy == MULTI_WORKER:
        return tf.distribute.MultiWorkerMirroredStrategy()
    (cpu,) = tf.config.list_physical_devices("CPU")
    configuration = [tf.config.LogicalDeviceConfiguration()] * workers
    tf.config.set_logical_device_configuration(cpu, configuration)
    devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    # The default asks for a ring of devices, which virtual ones are none of.
    return tf.distribute.MirroredStrategy(
        devices, cross_device_ops=tf.distribute.ReductionToOneDevice()
    )


def scope(strategy: str, joined, keras: ModuleType, kind: str) -> contextlib.AbstractContextManager:
    """In a worker: the scope that the model is made in.

    Args:
        strategy: of `STRATEGIES`.
        joined: what `join` returned.
        keras: whose model it is.
        kind: of the feed. JAX shards a tf.data.Dataset itself, as Keras does by default, and
            nothing else.
    """
    if strategy == JAX:
        distribution = keras.distribution.DataParallel(auto_shard_dataset=kind == "tf_data")
        keras.distribution.set_distribution(distribution)
    return joined.scope() if joined is not None else contextlib.nullcontext()
