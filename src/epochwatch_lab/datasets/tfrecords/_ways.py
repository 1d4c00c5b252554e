"""Ways to read a stream of records into `fit`, and what each has within its reach."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from epochwatch_lab.datasets.tfrecords._faults import Faults
from epochwatch_lab.datasets.tfrecords._layout import Export, file_and_record
from epochwatch_lab.datasets.tfrecords._reading import Reading, read_export


class ReadingWay(NamedTuple):
    """One way to read a stream.

    Attributes:
        reading: in which order its files are read.
        shuffle: records in a shuffle buffer behind that; 0 for none.
        prefetch: batches read ahead; 0 for none.
        cache: whether what was read once is kept in memory.
        seed: of the shuffle buffer.
    """

    reading: Reading = Reading()
    shuffle: int = 0
    prefetch: int = 0
    cache: bool = False
    seed: int = 0

    def read(self, export: Export, faults: Faults | None = None, **options) -> tf.data.Dataset:
        """Read an export once through in this way.

        Args:
            export: as `find_export` returns it.
            faults: as of `read_export`.
            **options: of `read_export`: `target` and `positive`.

        Returns:
            The dataset.
        """
        records = read_export(export, faults, reading=self.reading, **options)
        if self.cache:
            records = records.cache()
        if self.shuffle:
            records = records.shuffle(self.shuffle, seed=self.seed)
        return records.prefetch(self.prefetch) if self.prefetch else records

    def reach(self, drawn: int, records: int) -> int:
        """Count the records that could be among the first so many.

        Args:
            drawn: from the beginning of the stream.
            records: in the stream.

        Returns:
            How many; a shuffle buffer has been filled with more than were drawn.

        Example:
            >>> ReadingWay(shuffle=1_000).reach(400, 48_000)
            1399
        """
        return min(records, drawn + max(self.shuffle - 1, 0))

    def ranks(self, index: np.ndarray, stream: np.ndarray) -> np.ndarray | None:
        """Find in which place records come before they are shuffled.

        Args:
            index: int64, of the records.
            stream: int64, of all records of the stream, in the order of its files.

        Returns:
            int64, from 0; None where the order is not fixed.
        """
        reading = self.reading
        if not reading.deterministic or reading.shuffled_files is not None:
            return None
        if reading.files_at_once == 1:
            return np.searchsorted(stream, index)
        # In turn a record of each file, of which as many are read at once as there are.
        file, record = file_and_record(index)
        return record * reading.files_at_once + file


def balanced_records(
    majority: tf.data.Dataset, minority: tf.data.Dataset, batch_size: int
) -> tf.data.Dataset:
    """Take a record of the minority and one of the majority by turns, without end.

    Args:
        majority: read once through; it starts over at its end.
        minority: likewise.
        batch_size: records in a batch, half of them of either.

    Returns:
        A dataset of batches.
    """
    in_turn = tf.data.Dataset.range(2).repeat()
    both = [minority.repeat(), majority.repeat()]
    return tf.data.Dataset.choose_from_datasets(both, in_turn).batch(batch_size)
