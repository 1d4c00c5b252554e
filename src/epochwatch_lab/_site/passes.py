"""What a reader is told of a second fit, and of passes that have a batch twice."""

from collections.abc import Iterator

from epochwatch_lab._site.cells import PageCell

BEGINS = {
    "resumes": "goes on with the next batch",
    "skips": "does not begin with the next batch, but with a later one",
}


def pass_sentences(cell: PageCell) -> Iterator[str]:
    """Say what the verdict of a cell does not say."""
    if "shuffled_in" in cell.way["options"] and has_a_batch_twice(cell):
        yield "Within a pass a batch came twice."
    if cell.way["act"] == "fit" and cell.way["fits"] == 2:
        yield from second_fit_sentence(cell)


def second_fit_sentence(cell: PageCell) -> Iterator[str]:
    """Say with what a second fit begins; nothing where chance or the verdict’s sentence does."""
    if len(cell.recorded.get("trained", [])) < 2:
        return
    first, second = cell.recorded["trained"]
    if cell.raised and any(first) and not any(second):
        yield "It is the second fit that fails."
    begins = cell.boundary(1, len(first))
    if begins not in BEGINS or not any(second):
        return
    # The first batch may be missing from the first pass: it can be taken to build the model.
    (last, *_), (row, *_) = next(filter(None, reversed(first)))[-1], next(filter(None, second))[0]
    is_new_pass = begins == "resumes" and (second[0][:1] == first[0][:1] or row <= last)
    yield f"The second fit {'begins a new pass' if is_new_pass else BEGINS[begins]}."


def has_a_batch_twice(cell: PageCell) -> bool:
    """Whether one of the passes that a fit makes has a batch that it had before."""
    for fit in cell.recorded.get("trained", []):
        batches = [tuple(batch) for epoch in fit for batch in epoch]
        for begin in range(0, len(batches), cell.batches):
            of_pass = batches[begin : begin + cell.batches]
            if len(set(of_pass)) < len(of_pass):
                return True
    return False
