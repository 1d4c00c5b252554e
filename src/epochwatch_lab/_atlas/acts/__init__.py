"""What is done with a feed beside `fit`, a module each.

Each has `cells(feed, backend)`, the cells that it asks for, and `observe(cell, feed, keras)`, which
returns what was seen, as in a file of the atlas. Rows are noted by a model that runs eagerly, for
what is asked is their order alone.

validate       which rows validate, in each epoch of a `fit`
evaluate       which rows `evaluate` takes, called twice with the same feed
predict        likewise `predict`
by_hand        a loop over the feed that calls `train_on_batch`
restore        a training that was interrupted and goes on: which rows are trained twice, or never
augment        random ops in a `map`: whether each epoch draws anew
auto_execution what `fit` trains where Keras itself chooses the steps of an execution
"""

from epochwatch_lab._atlas.acts import (
    augment,
    auto_execution,
    by_hand,
    evaluate,
    predict,
    restore,
    validate,
)

ACTS = {
    module.__name__.rpartition(".")[2]: module
    for module in (validate, evaluate, predict, by_hand, restore, augment, auto_execution)
}
