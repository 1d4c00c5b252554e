"""What tests of the data sets share."""

import numpy as np


def assert_same(given, expected):
    for given_split, expected_split in zip(given, expected, strict=True):
        np.testing.assert_array_equal(given_split.images, expected_split.images, strict=True)
        np.testing.assert_array_equal(given_split.labels, expected_split.labels, strict=True)


def one_line(caught):
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message
