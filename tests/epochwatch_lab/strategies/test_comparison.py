"""Comparing strategies over runs."""

import json

import numpy as np
import pytest
from scipy import stats

from epochwatch.errors import BadInput
from epochwatch_lab.strategies import Evidence, Interval, excluding_zero


def run(ratio, seed, **pr_auc):
    """What a run measured."""
    return {
        "ratio": ratio,
        "seed": seed,
        "strategies": {
            name: {
                "trained": {"minority": [5, 5], "majority": [10 * seed + 10, 100]},
                "test": {"pr_auc": value},
                "errors": {"seen": [1, 10], "never_seen": [seed, 90]},
            }
            for name, value in pr_auc.items()
        },
    }


def simulated(random, effect):
    """Ten seeds at two ratios; chance of a seed is shared by its strategies."""
    for ratio in (10, 100):
        for seed in range(10):
            shared = random.normal(0.9, 0.05)
            yield run(
                ratio,
                seed,
                resume=shared + random.normal(0, 0.001),
                other=shared + effect + random.normal(0, 0.001),
                third=shared + random.normal(0, 0.001),
            )


def test_runs_are_put_in_order_and_their_scores_collected():
    evidence = Evidence([run(100, 1, resume=0.5), run(10, 0, resume=0.75), run(100, 0, resume=1.0)])
    assert evidence.ratios == [10, 100]
    assert evidence.strategies == ["resume"]
    assert evidence.scores(100, "resume", "pr_auc") == [1.0, 0.5]
    assert evidence.coverage(100, "resume") == pytest.approx(0.15)
    assert evidence.errors_in_all(100, "resume", "never_seen") == (1, 180)
    assert (evidence.seeds, evidence.trainings) == ([0, 1], 3)


def test_error_rates_are_those_of_strategies_that_left_samples_out_in_every_run():
    whole = [run(10, seed, resume=0.5, other=0.5) for seed in (0, 1)]
    whole[1]["strategies"]["resume"]["errors"]["never_seen"] = [0, 0]
    rates = Evidence(whole).error_rates()
    assert list(rates[10]) == ["other"]
    assert rates[10]["other"].seen[:3] == (0.1, 0.1, 0.1)
    assert rates[10]["other"].never_seen.mean == pytest.approx(1 / 180)
    assert rates[10]["other"].differ.mean == pytest.approx(1 / 180 - 0.1)
    assert rates[10]["other"].differ.sample_size == 2


def test_a_point_is_the_coverage_and_the_mean_over_the_seeds():
    points = Evidence([run(10, 0, resume=0.5), run(10, 1, resume=0.75)]).points("pr_auc")
    assert points[10]["resume"].coverage == pytest.approx(0.15)
    assert points[10]["resume"].quality.mean == 0.625


def test_what_excludes_zero_is_listed_by_ratio_and_strategy():
    apart, same = Interval(0.2, 0.1, 0.3, 10), Interval(0.2, -0.1, 0.5, 10)
    by_ratio = {8: {"a": apart, "b": same}, 100: {"a": same, "b": apart}}
    assert excluding_zero(by_ratio) == [(8, "a"), (100, "b")]


def test_a_difference_within_seeds_is_found_though_seeds_differ_more():
    evidence = Evidence(simulated(np.random.default_rng(0), effect=-0.01))
    found = evidence.against_baseline("pr_auc")
    for ratio in evidence.ratios:
        assert found[ratio]["other"].excludes_zero
        assert found[ratio]["other"].mean == pytest.approx(-0.01, abs=0.002)
        assert not found[ratio]["third"].excludes_zero


@pytest.mark.parametrize(("at_once", "level"), [(None, 0.05 / 2), (4, 0.05 / 4)])
def test_what_excludes_zero_is_what_a_paired_t_test_rejects(at_once, level):
    """Of two ratios, each strategy is compared twice."""
    random = np.random.default_rng(1)
    told = []
    for _ in range(40):
        evidence = Evidence(simulated(random, effect=-0.0014))
        for ratio, rows in evidence.against_baseline("pr_auc", at_once=at_once).items():
            for name, found in rows.items():
                pair = (evidence.scores(ratio, one, "pr_auc") for one in (name, "resume"))
                rejected = stats.ttest_rel(*pair).pvalue < level
                assert found.excludes_zero == rejected
                told.append(rejected)
    assert 10 < sum(told) < 150, "some are told apart and some are not"


def test_of_one_run_nothing_is_told_apart():
    found = Evidence([run(10, 0, resume=0.5, other=0.9)]).against_baseline("pr_auc")
    assert not found[10]["other"].excludes_zero


def test_it_reads_what_it_was_given(tmp_path):
    path = tmp_path / "s.json"
    content = {"parameters": {"updates": 9}, "seconds": {"in_all": 60}}
    path.write_text(json.dumps(content | {"runs": [run(10, 0, resume=0.5)]}))
    evidence = Evidence.read(path)
    assert evidence.scores(10, "resume", "pr_auc") == [0.5]
    assert (evidence.parameters, evidence.seconds) == ({"updates": 9}, 60)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"runs": [{}]}', '{"runs": 3}', "\x00"])
def test_a_damaged_file_is_one_line(tmp_path, text):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(
        BadInput, match="sweep: s.json holds no runs .* make sweep SWEEP=sweeps/s.yaml writes it"
    ):
        Evidence.read(path)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(BadInput, match="s.json does not exist; make sweep"):
        Evidence.read(tmp_path / "s.json")
