"""What a cell's feed delivers, and what its steps reach and lost, counted by hand."""

import itertools

DRAWN = ("sample_from_datasets", "rejection_resample")  # of two streams, by chance

IN_ORDER = (
    "finite",
    "repeat",
    "cache",
    "prefetch",
    "from_generator",
    "timeseries_dataset_from_array",
    "image_dataset_from_directory, shuffle=False",
    "tfds",
)


OUT_OF_ORDER = ("shuffle", "shuffled_in", "seed")
QUEUED = ("workers", "use_multiprocessing")


def is_in_order(cell):
    """Whether the feed has one order that no chance, thread or process has a say in."""
    if cell["feed"] == "tf_data":
        return cell["options"]["pipeline"] in IN_ORDER
    return not any(cell["options"].get(key) for key in (*OUT_OF_ORDER, *QUEUED))


def is_shuffled(cell):
    """Whether the feed, or `fit`, is told to shuffle it."""
    pipeline = cell["options"].get("pipeline", "")
    return (
        pipeline.startswith(("shuffle", "tfds, shuffle"))
        or pipeline == "image_dataset_from_directory"
        or any(cell["options"].get(key) for key in OUT_OF_ORDER)
    )


def one_pass(cell):
    """Deliver the rows of each batch of a pass."""
    options = cell["options"]
    pipeline, batches = options.get("pipeline"), options.get("batches", 10)
    if pipeline == "choose_from_datasets":
        return ({place % 10, 10 + place % 2} for place in itertools.count())
    if options.get("endless"):
        places = itertools.count()
    elif pipeline == "repeat":
        places = itertools.cycle(range(batches))
    else:
        places = range(batches)
    return ({2 * place, 2 * place + 1} for place in places)


def plain_batches(cell):
    """Deliver what the cell's feed does without `fit`, begun again at its end if it can be."""
    passes = (
        [one_pass(cell)] if cell["feed"] == "generator" else map(one_pass, itertools.repeat(cell))
    )
    return itertools.chain.from_iterable(passes)


def reachable_and_lost(cell):
    """Count the rows that as many steps reach, and of these those never trained.

    A feed that shuffles may begin with any rows: it reaches all of them in a pass, or else None is
    returned, as it is for what is drawn at random.
    """
    batches = [set(batch) for fit in cell["trained"] for epoch in fit for batch in epoch]
    if cell["options"].get("pipeline") in DRAWN or (is_shuffled(cell) and len(batches) < 10):
        return None
    reached = set().union(*itertools.islice(plain_batches(cell), len(batches)))
    return len(reached), len(reached.difference(*batches))
