"""What several workers are fed, in processes of their own: one training on each backend."""

import json
from types import SimpleNamespace

import pytest

from epochwatch._auditing import distributed
from epochwatch._auditing.request import FitCall, Gate
from epochwatch._auditing.shared_training import FIRST_BATCH
from epochwatch._auditing.workers import DIED, FINISHED, Stand, WorkerEnd
from epochwatch._cli import user_code
from epochwatch._cli.audit_workers import COMMAND
from epochwatch._report.shared import SharedReport
from epochwatch.errors import BadInput
from tests.backends.conftest import BACKEND, backend_only, keras

HOUR = 3600  # nobody waits for it
TF_DATA = """
import tensorflow as tf

def make_feed():
    index = tf.range(34, dtype=tf.int64)
    samples = (tf.one_hot(index, 34), {"label": index % 2, "index": index})
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return tf.data.Dataset.from_tensor_slices(samples).batch(16).with_options(options)
"""
BALANCED = """
import os
import numpy as np
from epochwatch import BalancedSampler

def make_feed():
    streams = {"few": np.arange(6), "many": np.arange(6, 34)}
    shard = int(os.environ["EPOCHWATCH_WORKER"]), int(os.environ["EPOCHWATCH_WORKERS"])
    sampler, step = BalancedSampler(streams, batch_size=8, seed=1, shard=shard), 0
    while True:
        index = sampler[step]
        yield np.eye(34, dtype="float32")[index], {"label": (index < 6).astype(int), "index": index}
        step += 1
"""
SAMPLED = """
import torch
from torch.utils.data import DataLoader, Dataset, DistributedSampler

class Rows(Dataset):
    def __len__(self):
        return 35

    def __getitem__(self, number):
        return torch.eye(35)[number], {"label": number % 2, "index": number}

def make_feed():
    return DataLoader(Rows(), batch_size=8, sampler=DistributedSampler(Rows(), shuffle=False))

def dying():
    rank = torch.distributed.get_rank()
    for batch in range(4):
        if (rank, batch) == (1, 3):
            raise RuntimeError("the disk of rank 1 is gone")
        index = torch.arange(8) + 16 * batch + 8 * rank
        yield torch.eye(64)[index], {"label": index % 2, "index": index}
"""


def audited(folder, code, workers=2, name="make_feed", **call):
    """Audit a feed that a file makes."""
    file = folder / "feeds.py"
    file.write_text(code)
    target = f"{file}:{name}"
    strategy = distributed.strategies.strategy_for(None, BACKEND)
    with distributed.strategies.alone(strategy):
        make_feed = user_code.load(user_code.parse_target(target))
    asked = distributed.Workers(strategy, workers, COMMAND, target, HOUR)
    result = distributed.audit_workers(keras, make_feed, FitCall(**call), asked, gate=Gate())
    report = SharedReport.showing(result)
    assert json.loads(json.dumps(report.as_json()))["findings"] == report.findings
    assert all(len(line) <= 80 for line in str(report).splitlines())
    return report


def test_a_port_that_was_taken_meanwhile_is_one_line():
    why = "exit code 1: RuntimeError: 127.0.0.1:4001: Address already in use"
    died = WorkerEnd(DIED, Stand(0, 0, 0), {}, why)
    with pytest.raises(BadInput) as refused:
        distributed.check_begun([died])
    assert str(refused.value) == (
        f"worker 0 ended before its first step: {why}; another program has taken the port; audit "
        "again, and one is chosen anew"
    )


@backend_only("torch")
def test_workers_with_other_batch_sizes_are_one_line():
    ends = [WorkerEnd(FINISHED, Stand(1, 1, 3), {(1, 1): 3}, None)] * 2
    logs = [SimpleNamespace(metadata={FIRST_BATCH: size}) for size in (8, 6)]
    with pytest.raises(BadInput, match="workers: got first batches of 8, 6 samples, allowed: as"):
        distributed.check_batch_sizes(ends, logs)
    distributed.check_batch_sizes(ends, logs[:1] * 2)
    # The one batch of a small share may be short.
    short = WorkerEnd(FINISHED, Stand(1, 1, 1), {(1, 1): 1}, None)
    distributed.check_batch_sizes([ends[0], short], logs)


@backend_only("tensorflow")
def test_replicas_share_each_batch(tmp_path):
    """The third batch has two rows for four replicas: two have none."""
    report = audited(tmp_path, TF_DATA.replace("OFF", "AUTO"), workers=4, epochs=2)
    assert report.findings == []
    for epoch in report.epochs:
        assert (epoch.steps, epoch.trained_by) == ((3,), (34, 0, 0, 0))
        assert (epoch.ragged, epoch.empty, epoch.left_out, epoch.doubled) == (1, 2, 0, 0)
    assert (
        report.headline == "All 34 samples were trained, each once an epoch by one of 4 replicas."
    )


@backend_only("tf_keras")
def test_without_a_shard_policy_rows_are_lost_and_doubled(tmp_path):
    """Each worker has the whole dataset in batches of 8, and makes the three steps of 16."""
    report = audited(tmp_path, TF_DATA, epochs=2)
    assert report.findings == ["loses", "doubles"]
    for epoch, picture in zip(report.epochs, report.pictures, strict=True):
        assert (epoch.steps, epoch.trained_by) == ((3, 3), (0, 24))
        assert picture.again.tolist() == [[1] * 24 + [0] * 10] * 2
        assert picture.never.tolist() == [0] * 24 + [1] * 10
    assert report.headline == (
        "10 of 34 samples were never trained, and 24 were trained by both workers in every epoch."
    )


@backend_only("jax")
def test_shards_of_a_balanced_sampler_are_exact(tmp_path):
    """Together they train what one process would, its rare samples as often."""
    report = audited(tmp_path, BALANCED, steps_per_epoch=4, epochs=2)
    assert report.findings == []
    assert (report.lost, report.doubled) == (0, 0)
    assert [epoch.steps for epoch in report.epochs] == [(4, 4)] * 2
    assert sum(report.whole.exposures) == 2 * 2 * 4 * 8


@backend_only("torch")
def test_a_distributed_sampler_repeats_a_row(tmp_path):
    """35 rows on two ranks: the first one comes again, so that both have eighteen."""
    report = audited(tmp_path, SAMPLED, epochs=2)
    assert report.findings == ["doubles"]
    assert [epoch.trained_by for epoch in report.epochs] == [(34, 1)] * 2
    assert report.headline == "1 of 35 samples was trained by both workers in every epoch."


@backend_only("torch")
def test_what_was_trained_is_kept_where_a_worker_dies(tmp_path):
    report = audited(tmp_path, SAMPLED, name="dying", steps_per_epoch=4)
    assert report.findings == ["dies"]
    assert report.ends[1].why == ("RuntimeError: the disk of rank 1 is gone (feeds.py, line 19)")
    # How far the other one is then, timing decides.
    assert 24 <= report.whole.trained <= 56
    assert report.headline.startswith("Worker 1 died in epoch 1 after 3 steps")


@backend_only("torch")
def test_a_feed_that_fails_on_a_worker_is_refused_in_one_line(tmp_path):
    code = SAMPLED.replace("return Data", "assert dist.get_world_size() == 1\n    return Data")
    code = f"import torch.distributed as dist\n{code}"
    with pytest.raises(BadInput, match="ended before its first step: .*make_feed raised Assert"):
        audited(tmp_path, code)
