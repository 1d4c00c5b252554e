"""torch and Grain loaders are told, described and iterated, and deliver the balanced order."""

import itertools

import numpy as np
import pytest

from epochwatch import feeds, with_index
from epochwatch.errors import BadInput
from epochwatch.feeds._facts import FeedFacts
from tests.epochwatch.feeds.test_balanced import BATCHES, LOADERS, oracle

ROWS, BATCH_SIZE = 34, 16


@pytest.fixture(params=LOADERS.items(), ids=LOADERS)
def loader(request):
    """The name of each loader whose package is here."""
    name, package = request.param
    pytest.importorskip(package)
    return name


def delivered(loader, streams, batch_size):
    balanced = feeds.balanced(loader, streams, batch_size)
    return list(itertools.islice(feeds.batches(balanced), BATCHES))


@pytest.mark.parametrize("batch_size", [2, 4, 16])
def test_a_loader_delivers_the_oracles_samples_in_the_oracles_order(
    loader, batch_size, tiny_streams
):
    indices = [y["index"].tolist() for _, y, _ in delivered(loader, tiny_streams, batch_size)]
    assert indices == list(itertools.islice(oracle(tiny_streams, batch_size), BATCHES))


def test_a_loader_delivers_the_image_and_the_label_that_belong_to_the_index(loader, tiny_streams):
    for images, targets, _ in delivered(loader, tiny_streams, 6):
        assert (images.dtype, targets["index"].dtype) == (np.uint8, np.int64)
        assert (images[:, 0, 0] == targets["index"]).all()
        assert (targets["label"] == np.isin(targets["index"], tiny_streams.minority.index)).all()


def test_a_second_pass_of_a_loader_begins_at_the_first_batch(loader, tiny_streams):
    balanced = feeds.balanced(loader, tiny_streams, 4)
    for _ in range(2):
        assert next(feeds.batches(balanced))[1]["index"].tolist() == [2, 0, 5, 1]


def test_a_balanced_loader_is_of_the_kind_that_its_name_says(loader, tiny_streams):
    facts = feeds.describe(feeds.balanced(loader, tiny_streams))
    assert facts[:2] == (loader, None)
    assert facts.can_be_iterated_again


def test_a_loader_must_deliver_its_own_indices(loader, tiny_streams):
    with pytest.raises(BadInput, match=f"got a {loader}, allowed: .*let your feed itself deliver"):
        with_index(feeds.balanced(loader, tiny_streams))


def torch_loader(dataset=None, **options):
    torch = pytest.importorskip("torch")
    columns = torch.arange(ROWS)[:, None], torch.arange(ROWS)
    dataset = dataset or torch.utils.data.TensorDataset(*columns)
    return torch.utils.data.DataLoader(dataset, batch_size=BATCH_SIZE, **options)


def test_a_torch_loader_says_how_long_it_is_and_its_workers():
    assert feeds.describe(torch_loader()) == FeedFacts("torch_loader", 3, False, True, 0, False)
    assert feeds.describe(torch_loader(drop_last=True)).length == 2
    assert feeds.describe(torch_loader(num_workers=2))[4:6] == (2, True)


def test_a_torch_loader_of_an_iterable_does_not_know_its_end():
    torch = pytest.importorskip("torch")

    class Numbers(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(ROWS))

    facts = feeds.describe(torch_loader(Numbers()))
    assert facts == FeedFacts("torch_loader", None, None, True, 0, False)


def test_the_tensors_of_a_torch_loader_become_arrays_of_their_dtype():
    torch = pytest.importorskip("torch")
    ids = [y.tolist() for _, y, _ in feeds.batches(torch_loader())]
    assert ids == [list(range(16)), list(range(16, 32)), [32, 33]]
    half = torch.ones(2, dtype=torch.bfloat16, requires_grad=True)
    [(x, y, _)] = feeds.batches((x, torch.eye(2).to_sparse()) for x in [half])
    assert x.dtype == "bfloat16"
    assert x.tolist() == [1, 1]
    assert isinstance(y, torch.Tensor)


def grain_pairs(grain):
    return grain.MapDataset.range(ROWS).map(lambda i: (np.float32(i), np.int64(i)))


def test_a_grain_dataset_says_how_long_it_is():
    pairs = grain_pairs(pytest.importorskip("grain"))
    facts = FeedFacts("grain_loader", 3, False, True, 0, False)
    assert feeds.describe(pairs.batch(BATCH_SIZE)) == facts
    assert feeds.describe(pairs.repeat(2).batch(BATCH_SIZE)).length == 5
    for endless in (pairs.repeat(), pairs.repeat().batch(4096), pairs.batch(4).repeat()):
        assert feeds.describe(endless)[1:3] == (None, True)
    assert feeds.describe(pairs.to_iter_dataset().batch(4))[1:3] == (None, None)


@pytest.mark.parametrize(("epochs", "endless"), [(1, False), (None, True)])
def test_a_grain_data_loader_is_endless_when_its_sampler_is(epochs, endless):
    grain = pytest.importorskip("grain")
    loader = grain.DataLoader(
        data_source=np.arange(ROWS),
        sampler=grain.samplers.IndexSampler(ROWS, num_epochs=epochs),
        operations=[grain.transforms.Batch(BATCH_SIZE)],
        worker_count=2,
    )
    assert feeds.describe(loader) == FeedFacts("grain_loader", None, endless, True, 2, True)


def test_grain_batches_come_in_order_to_the_short_last_one():
    pairs = grain_pairs(pytest.importorskip("grain"))
    for feed in (pairs.batch(BATCH_SIZE), pairs.to_iter_dataset().batch(BATCH_SIZE)):
        ids = [y.tolist() for _, y, _ in feeds.batches(feed)]
        assert ids == [list(range(16)), list(range(16, 32)), [32, 33]]


def test_jax_arrays_are_arrays():
    jnp = pytest.importorskip("jax.numpy")
    feed = jnp.arange(ROWS, dtype="bfloat16")[:, None], jnp.arange(ROWS)
    x, y, _ = list(feeds.batches(feed, BATCH_SIZE))[-1]
    assert (x.dtype, y.tolist()) == ("bfloat16", [32, 33])
    assert with_index(*feed)[1]["index"].dtype == np.int64
