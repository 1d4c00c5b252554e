"""What a cell's steps reach and what it lost, counted by hand from the batches that it trained."""

import itertools

from epochwatch_lab._atlas.rows import DRAWN


def plain_batches(cell):
    """Deliver what the cell's feed does without `fit`, begun again at its end if it can be."""
    kind, options = cell["feed"], cell["options"]
    if options.get("endless"):
        return ({2 * place, 2 * place + 1} for place in itertools.count())
    if options.get("pipeline") == "choose_from_datasets":
        return ({place % 10, 10 + place % 2} for place in itertools.count())
    one_pass = [{2 * place, 2 * place + 1} for place in range(10)]
    return iter(one_pass) if kind == "generator" else itertools.cycle(one_pass)


def reachable_and_lost(cell):
    """Count the rows that as many steps reach, and of these those never trained.

    A feed that shuffles may begin with any rows: it reaches all of them in a pass, or else None is
    returned, as it is for what is drawn at random.
    """
    batches = [set(batch) for fit in cell["trained"] for epoch in fit for batch in epoch]
    pipeline = cell["options"].get("pipeline", "")
    is_shuffled = cell["options"].get("shuffle") or pipeline.startswith("shuffle")
    if pipeline in DRAWN or (is_shuffled and len(batches) < 10):
        return None
    reached = set().union(*itertools.islice(plain_batches(cell), len(batches)))
    return len(reached), len(reached.difference(*batches))
