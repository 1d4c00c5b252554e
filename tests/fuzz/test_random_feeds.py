"""What an audit says of a feed drawn by chance is what an oracle reads in the same run."""

import copy
import warnings

import pytest

from tests.backends.conftest import backend_only
from tests.fuzz import oracle
from tests.fuzz.cases import Case
from tests.fuzz.comparison import audited, compared, outcome_of
from tests.fuzz.random_cases import random_case
from tests.fuzz.recorder import StepRecorder
from tests.sample import shared_out

pytestmark = backend_only("tensorflow", "jax", "torch")
SMALL, MORE = 5, 24

BALANCED = (
    "tf.data.Dataset.choose_from_datasets([common.repeat(), rare.repeat()], in_turn(2)).batch(4)"
)
STOPPING = (
    "tf.data.Dataset.choose_from_datasets("
    "[common, rare.repeat(99)], in_turn(2), stop_on_empty_dataset=True).batch(4)"
)

# What each was once told wrongly, and the findings that it may have.
KNOWN = {
    "workers drop batches and nobody says so": (
        Case(
            "Items(workers=4)", 200, 4, steps_per_epoch=25, epochs=4, shuffle=False, is_timed=True
        ),
        None,
    ),
    "a seeded shuffle has another order each pass": (
        Case("rows.shuffle(40, seed=1).batch(4)", size=4, epochs=3, varies=True),
        [],
    ),
    "a dataset shuffles itself when an epoch ends": (
        Case("Items(reorders=True, order_seed=1)", size=4, epochs=2, varies=True),
        [],
    ),
    "two batches shuffled come in one order by chance": (
        Case("rows.batch(16).shuffle(3, seed=1)", epochs=4, varies=True),
        [],
    ),
    "contents change and there is no index": (
        Case("rows.map(augmented).batch(4)", size=4, epochs=2, indexed=False, is_augmented=True),
        ["unmeasured"],
    ),
    "an endless balanced feed has come round": (
        Case(BALANCED, size=4, steps_per_epoch=20, epochs=4, min_coverage=0.99),
        [],
    ),
    "a balanced feed ends with its common class": (
        Case(STOPPING, size=4, epochs=2),
        [],
    ),
    "a generator repeats one batch": (Case("repeated()", steps_per_epoch=3, epochs=2), []),
    "a callback stops": (Case("rows.batch(4)", size=4, epochs=2, stop_after=3), []),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_feed_that_was_told_wrongly_once_is_told_right(name):
    case, findings = KNOWN[name]
    outcome = outcome_of(case)
    assert outcome.faults == [], outcome
    assert findings is None or outcome.findings == findings


@pytest.mark.parametrize("number", range(SMALL))
def test_an_audit_says_what_the_oracle_reads(number):
    outcome = outcome_of(random_case(number))
    assert outcome.faults == [], outcome


@pytest.mark.slow
@pytest.mark.parametrize("number", shared_out(range(SMALL, MORE)))
def test_an_audit_says_what_the_oracle_reads_of_more_feeds(number):
    outcome = outcome_of(random_case(number))
    assert outcome.faults == [], outcome


WRONG = {
    "a sample more is trained": lambda said: said["samples"].update(trained=35),
    "a sample is lost": lambda said: said["samples"].update(lost=1),
    "less is reachable": lambda said: said["samples"].update(reachable=30),
    "the population is another": lambda said: said["samples"].update(population=40),
    "a sample came more often": lambda said: said["samples"]["exposures"].update(max=9),
    "coverage is less": lambda said: said["coverage"].__setitem__(-1, 0.5),
    "the order is none": lambda said: said["order"].update(fixed=False),
    "epochs are alike": lambda said: said["order"].update(alike=True),
    "the verdict is better": lambda said: said.update(verdict="resumes"),
    "a boundary is better": lambda said: said["boundaries"][0].update(verdict="resumes"),
    "an epoch ran on": lambda said: said["steps"]["run"].__setitem__(0, 12),
    "a finding is missing": lambda said: said["findings"].remove("loses"),
    "a finding is new": lambda said: said["findings"].append("unmeasured"),
    "what was expected is not so": lambda said: said["findings"].append("disagrees"),
    "a class was trained more": lambda said: said["streams"]["1"].update(trained=4),
}


@pytest.fixture(scope="module")
def restarting():
    """What is said, and what is read, of three fits that begin anew and lose rows 12 to 33."""
    case = Case("rows.batch(4)", size=4, rare=5, steps_per_epoch=3, fits=3)
    recorder = StepRecorder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = audited(case, [recorder]).as_json()
    return case, said, oracle.read(case, recorder)


@pytest.mark.parametrize("what", WRONG)
def test_what_is_said_wrongly_is_noticed(what, restarting):
    case, said, reading = restarting
    assert list(compared(case, said, reading)) == []
    wrong = copy.deepcopy(said)
    WRONG[what](wrong)
    assert list(compared(case, wrong, reading))


def test_a_case_is_written_so_that_it_can_be_made_again():
    for number in range(300):
        case = random_case(number)
        assert eval(repr(case), {"Case": Case}) == case
