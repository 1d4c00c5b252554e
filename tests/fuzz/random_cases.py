"""Cases drawn by chance, each by one number."""

import importlib.util
import random

from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION
from tests.fuzz.cases import Case

LONGEST = 120  # steps of a run


def random_case(number: int) -> Case:
    """Draw a case: the same number gives the same case on the same backend."""
    chance = random.Random(number)
    has_torch = importlib.util.find_spec("torch") is not None
    draws = [_arrays] * 2 + [_generator] * 2 + [_py_dataset] * 3 + [_tf_data] * 6
    draw = chance.choice(draws + [_torch_loader] * (2 * has_torch))
    return Case(**_settled(chance, _sizes(chance), draw))


def _sizes(chance: random.Random) -> dict:
    batches = chance.choice([1, 2, 3, 3, 5, 8, 10, 10, 17, 25])
    size = chance.choice([1, 2, 3, 4, 4, 16])
    rows = chance.choice([34, max(1, batches * size - chance.randrange(size)), batches * size])
    return {"rows": rows, "size": size, "rare": chance.choice([0, 1, 2, 5, 8]) if rows > 9 else 0}


def _settled(chance: random.Random, sizes: dict, draw) -> dict:
    """Put a feed and a call together that Keras can run, and that ends soon."""
    drawn = sizes | {"indexed": chance.random() < 0.7} | draw(chance, sizes)
    drawn.setdefault("shuffle", chance.random() < 0.5)
    endless = drawn.pop("endless", False)
    passes = -(-drawn["rows"] // drawn["size"])
    drawn["epochs"] = chance.choice([1, 2, 2, 3, 4])
    drawn["fits"] = chance.choice([1, 1, 1, 1, 2, 3])
    some = [1, 2, 3, passes, passes + chance.randint(1, 5), 2 * passes, max(1, passes // 2)]
    steps = chance.choice([*([] if endless else [None] * 4), *some, *some])
    limit = max(1, LONGEST // (drawn["epochs"] * drawn["fits"]))
    drawn["steps_per_epoch"] = steps and min(steps, limit)
    if HAS_STEPS_PER_EXECUTION:
        drawn["steps_per_execution"] = chance.choice([1, 1, 1, 1, 2, 3])
    if chance.random() < 0.1:
        drawn["initial_epoch"] = chance.randrange(drawn["epochs"])
    if chance.random() < 0.25:
        drawn["seed"] = chance.randrange(100)
    if chance.random() < 0.08:
        drawn["stop_after"] = chance.randint(1, 6)
    if chance.random() < 0.2:
        drawn["min_coverage"] = chance.choice([0.0, 0.5, 1.0])
    return drawn | _unsettled(drawn, steps)


def _unsettled(drawn: dict, steps: int | None) -> dict:
    """Say where threads decide: what tf.data reads ahead, or workers."""
    feed = drawn["feed"]
    reads_ahead = BACKEND == "tensorflow" and drawn["fits"] > 1
    is_generator = feed.startswith(("one_shot", "endless", "repeated", "reordered"))
    # An epoch may end while items of the next are read, in the old order still.
    is_reordered = "reorders" in feed and BACKEND == "tensorflow" and steps
    has_workers = "workers=4" in feed or "multiprocessing" in feed
    return {"is_timed": bool(has_workers or is_reordered or (is_generator and reads_ahead))}


def _arrays(chance, sizes) -> dict:
    return {"feed": "columns"}


def _generator(chance, sizes) -> dict:
    feed = chance.choice(["one_shot()", "one_shot()", "endless()", "repeated()", "reordered()"])
    if feed == "reordered()" and chance.random() < 0.5:
        feed = f"reordered(seed={chance.randrange(9)})"
    varies = feed == "reordered()" and sizes["rows"] > sizes["size"]
    return {"feed": feed, "endless": feed != "one_shot()", "varies": varies}


def _py_dataset(chance, sizes) -> dict:
    name = chance.choice(["Items", "Items", "EndlessItems"])
    options = []
    workers = chance.choice([0, 0, 1, 4])
    if workers:
        options.append(f"workers={workers}")
    if chance.random() < 0.2:
        options.append("uneven=True")
    varies = False
    if name == "Items" and chance.random() < 0.3 and sizes["rows"] > 1:
        options.append(chance.choice(["reorders=True", "reorders=True, order_seed=1"]))
        varies = True
    endless = name == "EndlessItems"
    return {"feed": f"{name}({', '.join(options)})", "endless": endless, "varies": varies}


def _torch_loader(chance, sizes) -> dict:
    options = chance.choice(["", "shuffle=True", "shuffle=True", "shuffle=True, seed=1"])
    options += chance.choice(["", ", drop_last=True"]) if sizes["rows"] > sizes["size"] else ""
    varies = "shuffle" in options and sizes["rows"] > 1
    is_partial = varies and "drop_last" in options and sizes["rows"] % sizes["size"] > 0
    return {"feed": f"loader({options.lstrip(', ')})", "varies": varies, "is_partial": is_partial}


def _tf_data(chance, sizes) -> dict:
    """Write a pipeline, stage by stage, and know of each whether it shuffles."""
    drawn = _tf_source(chance, sizes)
    feed, varies, endless = drawn["feed"], drawn["varies"], drawn["endless"]
    partial, rows = False, sizes["rows"]
    if not endless and chance.random() < 0.15:
        feed += ".filter(lambda *_: True)"
    if not endless and rows > 8 and chance.random() < 0.1:
        feed += chance.choice([".take(7)", ".skip(1)"])
        partial = varies is not False
    if chance.random() < 0.45:
        stage, shuffles = _tf_shuffle(chance, rows)
        feed += stage
        varies = None if varies is None else (varies or shuffles)
        if chance.random() < 0.1:
            feed += ".cache()"
            varies = None if varies else varies
    if endless is False and chance.random() < 0.1:
        feed += f".repeat({chance.choice([2, 3])})"
    elif endless is False and chance.random() < 0.25:
        feed, endless = f"{feed}.repeat()", True
    augmented = chance.random() < 0.06
    feed += ".map(augmented)" if augmented else ""
    drops = rows > 16 and chance.random() < 0.25
    feed += f".batch({sizes['size']}{', drop_remainder=True' if drops else ''})"
    partial |= drops and varies is not False
    if chance.random() < 0.2:
        stage, shuffles = _tf_shuffle(chance, -(-rows // sizes["size"]))
        feed += stage
        varies = None if varies is None else (varies or shuffles)
    if endless is False and chance.random() < 0.15:
        feed, endless = f"{feed}.repeat()", True
    feed += chance.choice(["", "", f".prefetch({chance.choice([1, 2, 5])})", ".prefetch(-1)"])
    return {
        "feed": feed,
        "varies": varies,
        "endless": endless,
        "is_partial": partial,
        "is_augmented": augmented,
    }


def _tf_source(chance, sizes) -> dict:
    plain = {"varies": False, "endless": False}
    sources = [plain | {"feed": "rows"}] * 6
    sources += [plain | {"feed": "from_generator()"}, plain | {"feed": "parts(3)"}]
    if 0 < sizes["rare"] < sizes["rows"]:
        once, ever = "[common, rare]", "[common.repeat(), rare.repeat()]"
        choose = "tf.data.Dataset.choose_from_datasets({}, in_turn(2), stop_on_empty_dataset={})"
        sources += [
            plain | {"feed": choose.format(once, True)},
            plain | {"feed": choose.format(once, False)},
            plain | {"feed": choose.format(ever, True), "endless": True},
        ]
        sample = f"tf.data.Dataset.sample_from_datasets({ever}, [0.5, 0.5]{{}})"
        sources += [
            {"feed": sample.format(""), "varies": True, "endless": True},
            {"feed": sample.format(", seed=1"), "varies": None, "endless": True},
        ]
    return chance.choice(sources)


def _tf_shuffle(chance, count: int) -> tuple[str, bool]:
    """Write a shuffle; it does so if there is more than one element in its buffer."""
    buffer = chance.choice([1, 2, max(1, count // 2), count, 2 * count])
    seed = chance.choice(["", ", seed=1"])
    keeps = chance.random() < 0.25
    stage = f".shuffle({buffer}{seed}{', reshuffle_each_iteration=False' if keeps else ''})"
    # A seeded shuffle that keeps its order has one; an unseeded one has another in each feed.
    return stage, buffer > 1 and count > 1 and not (keeps and seed)
