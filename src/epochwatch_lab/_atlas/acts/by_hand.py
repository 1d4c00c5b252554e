"""A loop over the feed that calls `train_on_batch`: which rows it trains, epoch by epoch."""

import itertools
from collections.abc import Iterator

import numpy as np

from epochwatch_lab._atlas.acts.judged import judged_act
from epochwatch_lab._atlas.acts.row_notes import RowNotes, noting_model
from epochwatch_lab._atlas.cells import FEW_STEPS, AtlasCell, seeds_of, steps_of, toy_call
from epochwatch_lab._atlas.toy_feeds import BATCHES, ToyFeed

EPOCHS = 3
# What a plain loop can go over; arrays and items are taken by hand in whatever order is written.
ITERABLE = ("generator", "tf_data", "torch_loader", "grain_loader")


def cells(feed: ToyFeed, backend: str) -> Iterator[AtlasCell]:
    """Ask for a pass an epoch, and for a part."""
    if feed.kind in ITERABLE and feed.batches == BATCHES:
        for steps in steps_of(feed, FEW_STEPS):
            for seeded in seeds_of(feed):
                call = toy_call(steps, epochs=EPOCHS)
                yield AtlasCell(feed.kind, feed.options, call, seeded, "by_hand")


def observe(cell: AtlasCell, feed: ToyFeed, keras) -> dict:
    """Train by hand, with a `for` an epoch over the same feed."""
    notes = RowNotes()
    model, made = noting_model(keras, notes), feed.make()
    for _ in range(EPOCHS):
        notes.begin(notes.trained)
        for x, y in itertools.islice(made, cell.call.steps_per_epoch):
            # On JAX `train_on_batch` takes no tensors of TensorFlow or torch.
            model.train_on_batch(np.asarray(x), {key: np.asarray(y[key]) for key in y})
    return judged_act(cell, feed, [notes.trained], keras)
