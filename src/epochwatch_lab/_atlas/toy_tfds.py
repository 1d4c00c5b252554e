"""The toy rows as a dataset of TFDS, in five files that can be read in another order."""

import contextlib
import functools
import io
import tempfile

import numpy as np

from epochwatch_lab._atlas.toy_feeds import BATCHES, ROWS, SEED, row_of_number

FILES = 5


@functools.cache
def builder():
    """Write the dataset into a folder for the time of this process."""
    import tensorflow_datasets as tfds

    class ToyRows(tfds.core.GeneratorBasedBuilder):
        """Holds the rows in order."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = tfds.features.FeaturesDict({"index": np.int64})
            return tfds.core.DatasetInfo(builder=self, features=features, disable_shuffling=True)

        def _split_generators(self, manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            return ((row, {"index": row}) for row in range(BATCHES * ROWS))

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        made = ToyRows(data_dir=tempfile.mkdtemp(prefix="epochwatch-"))
        made.download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=FILES))
    return made


def dataset(shuffle_files: bool, seed: int | None = None):
    """Read it, the files in another order where they are shuffled."""
    import tensorflow_datasets as tfds

    # The rows were written in order; that they are read in another one is meant.
    config = tfds.ReadConfig(shuffle_seed=seed, enable_ordering_guard=False)
    read = builder().as_dataset(split="train", shuffle_files=shuffle_files, read_config=config)
    return read.batch(ROWS).map(lambda row: row_of_number(row["index"]))


WAYS = {
    "tfds": functools.partial(dataset, False),
    "tfds, shuffle_files": functools.partial(dataset, True),
    "tfds, shuffle_files, shuffle_seed=1": functools.partial(dataset, True, SEED),
}
