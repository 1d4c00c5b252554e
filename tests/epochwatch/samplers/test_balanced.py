"""The guarantees of the sampler, held against a plain loop that deals samples out by hand."""

import itertools
import json
import math
import pickle
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import epochwatch
from epochwatch import BalancedSampler
from epochwatch._samplers import balanced
from epochwatch._samplers.permutation import key_of, permuted
from epochwatch.errors import BadInput

ROWS, BATCH_SIZE = 34, 16


@st.composite
def cases(draw):
    """Arguments of a sampler: streams as arrays, whole-number shares, a batch that they split."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=4))
    weights = draw(st.lists(st.integers(1, 4), min_size=len(sizes), max_size=len(sizes)))
    index = np.random.default_rng(draw(st.integers(0, 99))).permutation(sum(sizes)) + 2**40
    return {
        "streams": np.split(index, np.cumsum(sizes)[:-1]),
        "batch_size": sum(weights) * draw(st.integers(1, 3)),
        "seed": draw(st.integers(0, 2**63 - 1)),
        "shares": weights,
    }


def dealt(streams, batch_size, seed, shares):
    """Deal batches out by hand: each stream from a pack that is shuffled anew when it is empty."""

    def cards(number, stream):
        for passed in itertools.count():
            order = permuted(np.arange(len(stream)), len(stream), key_of(seed, number, passed))
            yield from stream[order].tolist()

    packs = [cards(number, stream) for number, stream in enumerate(streams)]
    slots = [share * batch_size // sum(shares) for share in shares]
    turns = sorted(
        ((2 * nth + 1) / slots[number], number)
        for number in range(len(slots))
        for nth in range(slots[number])
    )
    while True:
        yield [next(packs[number]) for _, number in turns]


def first_batches(case, count):
    return list(itertools.islice(dealt(**case), count))


@settings(deadline=None)  # the oracle deals sample by sample
@given(cases())
def test_a_batch_is_the_one_that_is_dealt_by_hand(case):
    sampler, expected = BalancedSampler(**case), first_batches(case, 30)
    assert sampler[0:30].tolist() == expected
    assert [sampler[step].tolist() for step in range(30)] == expected
    assert [batch.tolist() for batch in itertools.islice(sampler, 30)] == expected
    assert sampler[3].dtype == sampler[3:5].dtype == np.int64


@given(cases(), st.integers(0, 10**18))
def test_every_batch_has_the_exact_share_of_every_class(case, step):
    slots = [share * case["batch_size"] // sum(case["shares"]) for share in case["shares"]]
    sampler = BalancedSampler(**case)
    for batch in (sampler[step], sampler[step + 1]):
        assert [np.isin(batch, stream).sum() for stream in case["streams"]] == slots


@given(cases(), st.integers(0, 5))
def test_every_sample_comes_once_before_any_comes_again(case, passes):
    """In every pass, wherever in a batch it begins."""
    sampler = BalancedSampler(**case)
    for stream, slots in zip(case["streams"], sampler.slots, strict=True):
        begin, end = passes * len(stream), (passes + 1) * len(stream)
        batches = sampler[begin // slots : -(-end // slots)].ravel()
        drawn = batches[np.isin(batches, stream)]
        a_pass = drawn[begin % slots :][: len(stream)]
        assert sorted(a_pass.tolist()) == sorted(stream.tolist())


@given(cases(), st.integers(1, 9), st.integers(0, 20))
def test_shards_have_every_batch_of_the_one_sequence_and_none_twice(case, shards, step):
    one = BalancedSampler(**case)
    several = [BalancedSampler(**case, shard=(i, shards)) for i in range(shards)]
    together = np.stack([shard[step : step + 4] for shard in several], axis=1)
    assert together.reshape(-1, one.batch_size).tolist() == (
        one[step * shards : (step + 4) * shards].tolist()
    )


@given(cases(), st.integers(1, 6))
def test_shards_do_not_overlap_within_a_pass(case, shards):
    """Of one stream a step, so that a pass is a number of steps; no sample in two shards."""
    streams, steps = case["streams"][:1], len(case["streams"][0])
    seen = Counter()
    for i in range(shards):
        sampler = BalancedSampler(streams, 1, case["seed"], shard=(i, shards))
        seen.update(sampler[0 : len(range(i, steps, shards))].ravel().tolist())
    assert seen == Counter(streams[0].tolist())


@given(cases(), st.integers(0, 12), st.integers(1, 3))
def test_a_run_resumes_with_exactly_the_next_sample_at_every_step(case, trained, shards):
    shard = (shards - 1, shards)
    sampler = BalancedSampler(**case, shard=shard)
    for _ in itertools.islice(sampler, trained):
        pass
    state = json.loads(json.dumps(sampler.state_dict()))
    assert state["step"] == trained
    assert all(type(value) is int for value in state.values())
    resumed = BalancedSampler(**case, shard=shard)
    resumed.load_state_dict(state)
    expected = sampler[trained : trained + 5].tolist()
    assert [batch.tolist() for batch in itertools.islice(resumed, 5)] == expected
    assert [batch.tolist() for batch in itertools.islice(sampler, 5)] == expected


@given(cases(), st.lists(st.integers(0, 50), min_size=1, max_size=5))
def test_asking_about_a_step_changes_nothing(case, steps):
    sampler = BalancedSampler(**case)
    asked = [sampler[step].tolist() for step in steps]
    assert [sampler[step].tolist() for step in reversed(steps)] == asked[::-1]
    assert sampler.step == 0


def test_iterating_on_follows_a_state_that_is_loaded_meanwhile():
    sampler = BalancedSampler([10, 100], 4)
    batches = iter(sampler)
    next(batches)
    sampler.load_state_dict(sampler.state_dict(step=10**6))
    assert next(batches).tolist() == sampler[10**6].tolist()
    assert sampler.step == 10**6 + 1


def test_a_batch_is_the_readers_own():
    sampler = BalancedSampler([10, 100], 4)
    batches = iter(sampler)
    next(batches)[:] = -1
    sampler.load_state_dict(sampler.state_dict(step=0))
    assert next(batches).tolist() == sampler[0].tolist()


def test_many_steps_go_on_from_one_block_to_the_next(monkeypatch):
    monkeypatch.setattr(balanced, "SAMPLES_AT_ONCE", 12)
    sampler = BalancedSampler([3, 7], 4)
    assert np.array_equal(list(itertools.islice(sampler, 20)), sampler[0:20])


def test_a_pass_has_an_order_of_its_own_and_so_has_a_seed():
    sampler, other = BalancedSampler([ROWS], ROWS), BalancedSampler([ROWS], ROWS, seed=1)
    orders = {tuple(batch) for batch in [*sampler[0:50].tolist(), *other[0:50].tolist()]}
    assert len(orders) == 100


def test_streams_of_one_size_do_not_have_the_same_order():
    batch = BalancedSampler([ROWS, ROWS], 2 * ROWS)[0]
    assert batch[0::2].tolist() != (batch[1::2] - ROWS).tolist()


def test_thirty_four_rows_in_batches_of_sixteen():
    sampler = BalancedSampler([5, 29], BATCH_SIZE)
    assert sampler.steps_in_a_pass == {"0": 1, "1": 4}
    drawn = sampler[0:29].ravel()
    majority = drawn[drawn >= 5]
    assert (np.bincount(majority - 5) == 8).all()  # 29 × 8 slots are 8 passes to the sample
    assert np.ptp(np.bincount(drawn[drawn < 5])) <= 1


def test_a_stream_of_one_sample_fills_its_share():
    batch = BalancedSampler([np.array([7]), np.arange(8, 42)], BATCH_SIZE)[3]
    assert (batch == 7).sum() == 8
    assert len(set(batch.tolist())) == 9


def test_equal_shares_come_in_turn_and_others_in_proportion():
    streams = {"minority": 10, "majority": 10}
    assert (BalancedSampler(streams, 6)[0] < 10).tolist() == [True, False] * 3
    batch = BalancedSampler(streams, 8, shares={"majority": 3, "minority": 1})[0]
    assert (batch < 10).tolist() == [False, True, False, False] * 2
    thirds = BalancedSampler([9, 9, 9], 6, shares=[1 / 3, 1 / 3, 1 / 3])[0]
    assert (thirds // 9).tolist() == [0, 1, 2] * 2


def test_streams_are_taken_in_every_form(tiny_streams):
    index = [stream.index for stream in tiny_streams]
    one = BalancedSampler(tiny_streams, 4)
    assert one.names == ("minority", "majority")
    named = dict(zip(one.names, index, strict=True))
    lists = [stream.tolist() for stream in index]
    narrow = [stream.astype(np.uint8) for stream in index]
    for streams in (index, tuple(index), named, lists, narrow, dict(tiny_streams._asdict())):
        assert BalancedSampler(streams, 4)[0:9].tolist() == one[0:9].tolist()


def test_counts_number_the_samples_one_stream_after_the_other():
    counts = BalancedSampler([5, 12], 4)
    arrays = BalancedSampler([np.arange(5), np.arange(5, 17)], 4)
    assert counts[0:40].tolist() == arrays[0:40].tolist()
    assert counts.highest_index == arrays.highest_index == 16


@pytest.mark.parametrize("samples", [10**9, 10**18])
def test_samples_without_number_cost_nothing(samples):
    tracemalloc.start()
    sampler = BalancedSampler([10**6, samples], 1024)
    late = sampler[10**18]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000
    assert len(set(late.tolist())) == 1024
    assert ((late[1::2] >= 10**6) & (late[1::2] < 10**6 + samples)).all()


def test_a_step_beyond_an_int64_is_answered_too():
    sampler = BalancedSampler([3, 10**18], 4)
    assert sampler[10**30].shape == (4,)
    assert sampler[10**30].tolist() != sampler[10**30 + 1].tolist()


def test_index_arrays_are_not_copied():
    index = np.arange(1000), np.arange(1000, 4000)
    sampler = BalancedSampler(index, 4)
    for stream, array in zip(sampler._members, index, strict=True):
        assert np.shares_memory(stream.index, array)


def test_a_sampler_survives_pickling_with_its_state():
    sampler = BalancedSampler([5, 29], 4, seed=3)
    next(iter(sampler))
    again = pickle.loads(pickle.dumps(sampler))
    assert again.state_dict() == sampler.state_dict()
    assert next(iter(again)).tolist() == sampler[1].tolist()


def test_it_says_what_it_is():
    sampler = BalancedSampler({"rare": 5, "common": 29}, 8, shares=[1, 3], shard=(1, 2))
    assert repr(sampler) == (
        "BalancedSampler({'rare': 5, 'common': 29}, batch_size=8, seed=0, shares=[2, 6], "
        "shard=(1, 2))"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([], 4), "streams: got none, allowed: a sequence of int64 index arrays"),
        ((np.arange(5), 4), "streams: got ndarray, allowed: a sequence of"),
        (("ab", 4), "streams: got str"),
        (([[1, 2], 3], 4), "streams: got counts and index arrays together"),
        (([0, 5], 4), "streams: 0: got 0, allowed: a whole number, 1 to 4,611,686,018,427,387,904"),
        (([True, 5], 4), "streams: 0: got True"),
        (([2**62, 1], 4), "streams: got 4,611,686,018,427,387,905 samples together"),
        (
            ([[1, 2], []], 4),
            "streams: 1: got no samples, allowed: one or more; leave this stream out",
        ),
        (([[1.0], [2]], 4), "streams: 0: got float64 (1,), allowed: int64 (samples,)"),
        (([[[1]], [2]], 4), "streams: 0: got int64 (1, 1)"),
        (([np.array([True]), [2]], 4), "streams: 0: got bool (1,), allowed: int64 (samples,), the"),
        (([np.array([2**63], np.uint64)], 4), "streams: 0: got uint64"),
        (({"rare": [7, 3, 7]}, 4), "streams: got index 7 twice in rare, allowed: no index more"),
        (([[3, 1], [2, 3]], 4), "streams: got index 3 in two of them, allowed"),
        (([1, 2], 0), "batch_size: got 0, allowed: a whole number, 1 to"),
        (([1, 2], 4.0), "batch_size: got 4.0"),
        (
            ([1, 2], 5),
            "batch_size: got 5, which does not split exactly into 1:1, allowed: "
            "multiples of 2; the nearest: 4 or 6",
        ),
        (([1, 2], 1), "the nearest: 2"),
        (
            ([1, 2, 3], 10, 0, [0.5, 0.25, 0.25]),
            "into 2:1:1, allowed: multiples of 4; the nearest: 8 or 12",
        ),
        (([1, 2], 4, 0, [0.5, 0.6]), "shares: got [0.5, 0.6], which sum to 1.1"),
        (([1, 2], 4, 0, [1]), "shares: got 1 for 2 streams"),
        (([1, 2], 4, 0, [1, 0]), "shares: got 0, allowed: numbers above 0"),
        (([1, 2], 4, 0, [1, -1]), "shares: got -1, allowed: numbers above 0"),
        (([1, 2], 4, 0, [1, float("nan")]), "shares: got nan, allowed"),
        (([1, 2], 4, 0, [1, "2"]), "shares: got '2', allowed"),
        (([1, 2], 4, 0, 0.5), "shares: got 0.5, allowed: whole-number weights"),
        (([1, 2], 4, 0, {"0": 1, "2": 1}), "shares: got 0, 2, allowed: one for each of 0, 1"),
        (([1, 2], 4, -1), "seed: got -1, allowed: a whole number, 0 to"),
        (([1, 2], 4, 1.5), "seed: got 1.5"),
        (([1, 2], 4, 2**63), "seed: got 9223372036854775808"),
        (([1, 2], 4, 0, None, (2, 2)), "shard: which: got 2, allowed: a whole number, 0 to 1"),
        (([1, 2], 4, 0, None, (0, 0)), "shard: of how many: got 0"),
        (([1, 2], 4, 0, None, 3), "shard: got 3, allowed: (i, n)"),
    ],
)
def test_bad_arguments_are_told_in_one_line(arguments, told):
    with pytest.raises(BadInput) as caught:
        BalancedSampler(*arguments)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (-1, "step: got -1, allowed: a whole number, 0 or more"),
        (True, "step: got True"),
        (1.0, "step: got 1.0"),
        (None, "step: got None"),
        (slice(0, None), "steps: got a slice without an end"),
        (slice(0, 9, 2), "or with a stride"),
        (slice(-3, 9), "step: got -3"),
    ],
)
def test_a_step_that_is_none_is_refused(step, told):
    with pytest.raises(BadInput, match=told):
        BalancedSampler([3, 5], 4)[step]


def test_an_empty_range_of_steps_has_no_batches():
    assert BalancedSampler([3, 5], 4)[7:7].shape == BalancedSampler([3, 5], 4)[7:2].shape == (0, 4)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (([3, 5], 4, 1), "state: got seed 1, but this sampler has 0; make"),
        (([3, 5], 8), "state: got batch_size × shards 8, but this sampler has 4"),
        (([3, 5], 4, 0, None, (0, 2)), "state: got batch_size × shards 8, but this sampler has 4"),
        (([3, 6], 4), "state: got streams and shares"),
        (([3, 5], 4, 0, [1, 3]), "state: got streams and shares"),
        (([[0, 1, 2], [3, 4, 5, 6, 8]], 4), "state: got streams and shares"),
    ],
)
def test_the_state_of_another_sampler_is_refused(other, told):
    sampler = BalancedSampler([3, 5], 4)
    with pytest.raises(BadInput) as caught:
        sampler.load_state_dict(BalancedSampler(*other).state_dict(step=7))
    assert str(caught.value).startswith(told)
    assert sampler.step == 0


@st.composite
def elastic_cases(draw):
    """A batch of all shards that can be split among both of two numbers of shards."""
    case, before, after = draw(cases()), draw(st.integers(1, 6)), draw(st.integers(1, 6))
    everyone = sum(case["shares"]) * math.lcm(before, after) * draw(st.integers(1, 2))
    return case, everyone, before, after


def samples_of_a_step(case, everyone, shards, step):
    """What all shards together train in a step, and how often each sample."""
    case = case | {"batch_size": everyone // shards}
    batches = (BalancedSampler(**case, shard=(i, shards))[step] for i in range(shards))
    return Counter(np.concatenate(list(batches)).tolist())


@given(elastic_cases(), st.integers(0, 30), st.data())
def test_another_number_of_shards_goes_on_with_exactly_the_next_samples(elastic, trained, data):
    case, everyone, before, after = elastic
    saving = case | {"batch_size": everyone // before}
    shard = data.draw(st.integers(0, before - 1)), before
    state = json.loads(json.dumps(BalancedSampler(**saving, shard=shard).state_dict(step=trained)))
    together = Counter()
    for i in range(after):
        loading = case | {"batch_size": everyone // after}
        sampler = BalancedSampler(**loading, shard=(i, after))
        sampler.load_state_dict(state)
        assert sampler.step == trained
        together.update(next(iter(sampler)).tolist())
    # Dealt by hand, in batches of all shards: what comes after those that were trained.
    dealt_batches = dealt(**case | {"batch_size": everyone})
    assert together == Counter(next(itertools.islice(dealt_batches, trained, None)))
    assert together == samples_of_a_step(case, everyone, before, trained)


@given(elastic_cases(), st.integers(1, 2))
def test_shards_of_another_batch_together_are_refused(elastic, more):
    case, everyone, before, after = elastic
    larger = everyone // after + more * sum(case["shares"])
    state = BalancedSampler(**case | {"batch_size": everyone // before}, shard=(0, before))
    sampler = BalancedSampler(**case | {"batch_size": larger}, shard=(0, after))
    told = f"state: got batch_size × shards {everyone}, but this sampler has {larger * after};"
    with pytest.raises(BadInput, match=told):
        sampler.load_state_dict(state.state_dict())


def test_states_from_before_shards_could_change_are_loaded():
    """Pinned: as it was written before. A change of the digest would lose everybody's states."""
    streams = {"a": [3, 5, 9], "b": [0, 1, 2, 4, 6]}
    sampler = BalancedSampler(streams, 4, seed=7, shares=[1, 3])
    state = {"step": 9, "seed": 7, "batch_size": 4, "shard": 0, "shards": 1}
    sampler.load_state_dict(state | {"streams": 9178510956421487592})
    assert sampler.step == 9


@pytest.mark.parametrize("name", ["batch_size", "shards"])
@pytest.mark.parametrize("value", [None, 0, "4"])
def test_a_state_whose_numbers_are_none_is_refused(name, value):
    sampler = BalancedSampler([3, 5], 4)
    with pytest.raises(BadInput, match=f"state: {name}: got {value!r}, allowed: a whole number"):
        sampler.load_state_dict(sampler.state_dict() | {name: value})


@pytest.mark.parametrize("state", [None, {}, {"step": 3}, {"step": 3, "seed": 0}])
def test_what_is_no_state_is_refused(state):
    with pytest.raises(BadInput, match="allowed: what a sampler's `state_dict` returned"):
        BalancedSampler([3, 5], 4).load_state_dict(state)


def test_a_state_with_a_step_that_is_none_is_refused():
    sampler = BalancedSampler([3, 5], 4)
    with pytest.raises(BadInput, match="state: step: got -1"):
        sampler.load_state_dict(sampler.state_dict() | {"step": -1})
    with pytest.raises(BadInput, match=r"step: got 1\.5"):
        sampler.state_dict(step=1.5)


def test_it_is_at_the_top_of_the_package():
    assert epochwatch.BalancedSampler is balanced.BalancedSampler
