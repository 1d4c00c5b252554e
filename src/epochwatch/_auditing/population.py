"""The samples that there are: by a pass that ends, as given, or once they have come round."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from epochwatch._auditing.counting import CountedStream
from epochwatch._auditing.request import Population
from epochwatch._auditing.samples import FEW, MetSamples
from epochwatch._watching.fingerprint import NO_LABEL
from epochwatch.errors import BadInput

MOST_ROUNDS = ENOUGH = 16
ROWS_AT_ONCE = 2**16


class StreamRounds:
    """The rounds that a stream makes: in each of them every sample comes once.

    Few samples come in rounds by chance: rounds are counted until they are `ENOUGH` samples.
    """

    def __init__(self):
        self.identity = np.empty(0, np.int64)  # ascending
        self.times = np.empty(0, np.int64)  # how often each has come
        self.rows = 0
        rounds = MOST_ROUNDS + 2
        self.samples_of_round = np.zeros(rounds, np.int64)
        self.first_of_round = np.full(rounds, np.iinfo(np.int64).max)
        self.last_of_round = np.full(rounds, -1)

    def add(self, identity: np.ndarray) -> None:
        """Note samples in the order in which they come, int64 (n,)."""
        known, where = np.unique(np.append(self.identity, identity), return_inverse=True)
        before, which = where[: len(self.identity)], where[len(self.identity) :]
        times = np.zeros(len(known), np.int64)
        times[before] = self.times
        self._note_rounds(np.minimum(times[which] + times_before(which), MOST_ROUNDS + 1))
        self.identity, self.times = known, times + np.bincount(which, minlength=len(known))

    def _note_rounds(self, rounds: np.ndarray) -> None:
        """Note the round that each of the next samples belongs to, int64 (n,)."""
        place = self.rows + np.arange(len(rounds))
        self.samples_of_round += np.bincount(rounds, minlength=MOST_ROUNDS + 2)
        np.minimum.at(self.first_of_round, rounds, place)
        np.maximum.at(self.last_of_round, rounds, place)
        self.rows += len(rounds)

    @property
    def population(self) -> int | None:
        """Its samples; None until it has come round."""
        samples = len(self.identity)
        if not samples:
            return None
        rounds = max(2, -(-ENOUGH // samples))
        whole = self.samples_of_round[:rounds] == samples
        in_turn = self.last_of_round[:rounds] < self.first_of_round[1 : rounds + 1]
        return samples if (whole & in_turn).all() else None


def times_before(values: np.ndarray) -> np.ndarray:
    """Count how often each value stands before itself, int64 (n,)."""
    order = np.argsort(values, kind="stable")
    in_order = values[order]
    times = np.empty(len(values), np.int64)
    times[order] = np.arange(len(values)) - np.searchsorted(in_order, in_order)
    return times


class ComingRound:
    """The streams of a pass without an end, all samples and, where they are few, the classes."""

    def __init__(self):
        self.everything = StreamRounds()
        self.streams: dict[int, StreamRounds] = {}
        self.pending: list[np.ndarray] = []
        self.pending_rows = 0

    def add(self, columns: np.ndarray) -> None:
        """Note a batch: the columns of `MetSamples.add`."""
        self.pending.append(columns)
        self.pending_rows += columns.shape[1]
        if self.pending_rows >= ROWS_AT_ONCE:
            self._sort()

    def _sort(self) -> None:
        if not self.pending:
            return
        identity, _, label = np.concatenate(self.pending, axis=1)
        self.pending, self.pending_rows = [], 0
        self.everything.add(identity)
        for number in np.unique(label).tolist():
            if number in self.streams or len(self.streams) <= FEW:
                self.streams.setdefault(number, StreamRounds()).add(identity[label == number])

    def populations(self) -> dict[str | None, int | None]:
        """Return the population of each class, by its number as text, and of all, by None."""
        self._sort()
        whole = self.everything.population
        if len(self.streams) > FEW or NO_LABEL in self.streams:
            return {None: whole}
        by_class = {str(number): each.population for number, each in self.streams.items()}
        if by_class and None not in by_class.values():
            whole = sum(by_class.values())
        return {**by_class, None: whole}

    def may_come_round(self) -> bool:
        """Whether every stream has begun again: one that has not does not end twice as far on."""
        self._sort()
        few = self.streams.values() if len(self.streams) <= FEW else [self.everything]
        return all(rounds.samples_of_round[1] for rounds in few)


class KnownSamples(NamedTuple):
    """The samples that there are, in all and by stream, as far as anybody knows.

    Attributes:
        everything: all of them.
        streams: those of each stream, by its name.
        population_by: how their number is known: "pass", "given", "came round", or None.
    """

    everything: CountedStream
    streams: dict[str, CountedStream]
    population_by: str | None


def samples_of_pass(samples: MetSamples, population: Population) -> KnownSamples:
    """Count all samples of a pass that has come to its end."""
    everything = CountedStream.complete(samples.merged_identity())
    streams = {name: CountedStream.complete(each) for name, each in samples.streams().items()}
    check_population(population.whole, everything, "")
    check_names(population, streams)
    for name, given in population.streams.items():
        check_population(given, streams[name], f" for {name}")
    return KnownSamples(everything, streams, "pass")


def check_names(population: Population, streams: Mapping[str, CountedStream]) -> None:
    """Refuse the population of a stream that there is not."""
    for name in population.streams.keys() - streams.keys():
        allowed = ", ".join(map(repr, streams)) or "a number: the feed has no classes"
        raise BadInput(f"population: got the stream {name!r}, allowed: {allowed}")


def check_population(given: int | None, known: CountedStream, of: str) -> None:
    """Refuse a population that a pass shows to be another one."""
    if given not in (None, known.samples):
        raise BadInput(
            f"population: got {given:,}{of}, but a pass of the feed has {known.samples:,} samples; "
            "leave it out: epochwatch counted them"
        )


def samples_without_end(
    met: MetSamples, coming_round: ComingRound, population: Population
) -> KnownSamples:
    """Count the samples of a feed without an end, as given or as they have come round."""
    classes = met.streams()
    come_round = coming_round.populations()
    streams = {
        name: CountedStream(
            members, known_population(name, members, population.streams.get(name), come_round)
        )
        for name, members in classes.items()
    }
    check_names(population, streams)
    of_streams = [each.samples for each in streams.values()]
    is_given = bool(population.streams) and None not in of_streams
    given = sum(of_streams) if is_given else population.whole
    whole = known_population(None, met.merged_identity(), given, come_round)
    by = None if whole is None else "came round" if given is None else "given"
    return KnownSamples(CountedStream(met.identity, whole), streams, by)


def known_population(
    name: str | None, members: np.ndarray, given: int | None, come_round: Mapping
) -> int | None:
    """Return how many samples a stream has, as given, or as have come round."""
    if given is None:
        # What training met besides has not come round.
        return come_round.get(name) if come_round.get(name) == len(members) else None
    if given < len(members):
        of = "" if name is None else f" for {name}"
        raise BadInput(
            f"population: got {given:,}{of}, but the feed delivered {len(members):,} different "
            "samples; give the number of all samples"
        )
    return given


def named_streams(streams: Mapping) -> dict[str, CountedStream]:
    """Take the streams that the user names, by the indices of their samples, as complete."""
    return {
        str(name): CountedStream.complete(np.unique(np.asarray(members)))
        for name, members in streams.items()
    }
