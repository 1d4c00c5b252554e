"""The samples behind the indices of a batch."""

import numpy as np
import pytest

from epochwatch_lab.datasets import look_up, one_vs_rest


@pytest.mark.parametrize("positive", [0, 3, 9])
def test_every_sample_is_found_with_its_image_its_label_and_its_position(positive):
    rng = np.random.default_rng(positive)
    images, labels = rng.integers(0, 256, (40, 2, 3), np.uint8), np.arange(40) % 10
    streams = one_vs_rest(images, labels, positive=positive)
    index = rng.permutation(np.append(np.arange(40), [7, 7]))
    batch = look_up(streams, index)
    assert np.array_equal(batch.images, images[index])
    assert batch.images.dtype == images.dtype
    assert batch.label.tolist() == [int(labels[i] == positive) for i in index]
    stream_of = {1: streams.minority.index, 0: streams.majority.index}
    rank = [stream_of[label][at] for label, at in zip(batch.label, batch.position, strict=True)]
    assert rank == index.tolist()


def test_a_batch_of_one_class_and_an_empty_one_are_batches_too():
    streams = one_vs_rest(np.arange(50, 55), np.array([3, 1, 4, 1, 5]))
    assert look_up(streams, np.array([1, 3])).label.tolist() == [1, 1]
    assert look_up(streams, np.array([], np.int64)).images.shape == (0,)
