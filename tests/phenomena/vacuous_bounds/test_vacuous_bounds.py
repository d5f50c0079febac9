"""Vacuous bounds: declaration, claims at a small and at full size, what is said of a bound, limits of knobs."""

import numpy as np
import pytest

from engine.contract import Status
from engine.errors import KnobError
from engine.phenomena.vacuous_bounds.experiment import VacuousBounds
from engine.phenomena.vacuous_bounds.figures import DRAWN, FIGURES, NAMES, PICTURES, SHOWN_AS, TERMS
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.vacuous_bounds.small import SMALL, make, verdict

pytestmark = pytest.mark.usefixtures("one_thread", "own_cache")


# ---------------------------------------------------------------- declaration


def test_every_figure_and_picture_that_is_declared_is_delivered(small):
    names = [item.name for item in small.series()]
    assert len(names) == len(set(names))
    for figure in FIGURES:
        assert bool(figure.draws(small.series())) == (figure.name != "bound-vs-n"), figure.name
    assert [item.name for item in small.pictures()] == [item.name for item in PICTURES]
    for item in small.series():
        assert len(item.x) == len(item.y) and np.isfinite(item.y).all()
        assert (item.lo is None) == (item.band == "")


def test_bars_are_bounds_and_terms_that_are_none_have_a_figure_of_their_own(small):
    drawn = {item.name: item for item in small.series() if item.name.startswith(("bounds/", "terms/"))}
    assert len(drawn) == 4
    bars = np.concatenate([drawn[f"bounds/{arm}"].y for arm in ("true", "random")])
    assert len(bars) == len(DRAWN) + len(DRAWN) - 1  # one posterior around half of the data, on true labels
    assert all(network.bounds["Rademacher"].bounds for network in small.measured)
    for arm in ("true", "random"):
        assert drawn[f"bounds/{arm}"].style == drawn[f"terms/{arm}"].style == "bars"
        assert drawn[f"bounds/{arm}"].label == drawn[f"terms/{arm}"].label == f"{arm} labels"
        assert len(drawn[f"terms/{arm}"].y) == len(TERMS)


def test_a_term_without_its_constants_gets_no_verdict_and_with_them_it_is_above_the_error():
    knobs = {"n": 300, "width": 12, "epochs": 10, "random_epochs": 20, "lr": 0.01, "steps": 120, "mc": 100, "follow": "nothing"}
    run = work(make(**knobs))
    details = {item.name: item for item in run.details()}
    for network in run.measured:
        assert network.bounds["spectral"].value < 0.5 < 1 < network.bounds["BFT"].value  # what used to be called informative
        assert network.bounds["NBS"].value > 1
        for name in NAMES:
            if name in network.bounds and network.bounds[name].bounds:
                assert network.bounds[name].value >= network.train_error
    for name in TERMS:
        assert {(row.word, row.grade) for row in details[f"Term {SHOWN_AS[name]}"].rows} == {("", "")}
        assert "no bound" in details[f"Term {SHOWN_AS[name]}"].caveat
    for name in ("BFT", "NBS"):
        assert {row.word for row in details[f"Bound {SHOWN_AS[name]}"].rows} == {"vacuous"}
        assert {"R_m", "delta"} <= set(details[f"Bound {SHOWN_AS[name]}"].rows[0].constants)


def test_the_class_bound_rests_on_the_random_signs_that_are_fitted():
    few = work(make(**{**SMALL, "random_epochs": 3}))
    for network in few.measured:
        bound, fitted = network.bounds["Rademacher"], 1 - few.measured[1].train_error
        assert bound.constants["a"] == fitted < 0.8
        assert bound.constants["Rad"] == pytest.approx(max(0, 2 * fitted - 1 - np.sqrt(2 * np.log(40) / 300)))
        assert bound.value < 1 and not bound.bounds
    alone = work(make(**{**SMALL, "labels": "true"}))
    assert alone.measured[0].bounds["Rademacher"].constants["Rad"] == 1
    assert verdict(alone, "VB1").reason == "needs labels both or random, random_epochs at least 300"


def test_random_signs_are_learnt_until_they_are_fitted_and_no_longer():
    run = work(make(**{**SMALL, "random_epochs": 1000, "lr": 0.03}), until=3000)
    assert run.sgd.ends[1] < run.sgd.total == run.sgd.taken == 3000
    assert run.sgd.ends[1] % (5 * 3) == 0
    assert run.measured[1].train_error <= 0.01
    assert verdict(run, "VB1").holds
    again = work(make(**{**SMALL, "random_epochs": 1000, "lr": 0.03}), budget=UNEVEN, until=3000)
    assert again.history.records == run.history.records


def test_the_class_bound_fails_where_random_signs_are_not_fitted(small):
    run = make(**{**SMALL, "random_epochs": 300, "lr": 0.03})
    run.sgd.ends[1] = 15
    work(run)
    assert verdict(run, "VB1").mark == "no"


def test_before_the_first_step_only_the_linear_example_is_decided():
    run = make(**SMALL)
    assert {item.claim.id for item in run.verdicts() if item.holds is not None} == {"VB8", "VB9"}


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"n": 4900}, "n must be at most 4500 on digits196"),
        ({"delta": 0.5}, "delta must be .*between 0.0001 and 0.2, got 0.5"),
        ({"labels": "tru"}, "did you mean true"),
        ({"D_over_m": 8}, "between 16 and 4096, got 8"),
    ],
)
def test_impossible_knobs_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        VacuousBounds.spec.configure("quick", knobs)


# ---------------------------------------------------------------- claims


def test_the_quick_preset_decides_its_claims_and_they_hold():
    run = work(make(preset="quick"))
    marks = {item.claim.id: item.mark for item in run.verdicts()}
    waiting = {"VB3", "VB10", "VB11", "VB12", "VB13", "VB14"}
    assert {name for name, mark in marks.items() if mark == "not run"} == waiting
    assert {marks[name] for name in marks if name not in waiting} == {"yes"}


@pytest.mark.slow
def test_the_standard_preset_decides_its_claims():
    run = work(make((0, 1, 2), "standard", "standard"))
    assert {item.claim.id: item.holds for item in run.verdicts() if item.mark != "not run"} == dict.fromkeys(
        ["VB1", "VB2", "VB3", "VB5", "VB7", "VB8", "VB10", "VB11"], True
    )


@pytest.mark.slow
def test_perez_ortizs_objective_around_a_learnt_prior_certifies_below_chance_and_nothing_about_random_labels():
    run = work(make(preset="perez-ortiz", base="perez-ortiz"))
    marks = {item.claim.id: item.mark for item in run.verdicts()}
    assert {name for name, mark in marks.items() if mark == "yes"} == {"VB2", "VB5", "VB7", "VB8"}
    assert "no" not in marks.values()
    true, random = (member.bounds["PAC-Bayes"] for member in run.measured)
    assert true.constants["n"] == 2000
    assert true.value < 0.2 < 0.5 < random.value


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_dziugaite_and_roys_network_is_certified_below_one_on_a_fourteenth_of_their_data():
    run = work(make(preset="dziugaite-T600-5k", base="dziugaite-T600-5k"))
    marks = {item.claim.id: item.mark for item in run.verdicts()}
    assert {"VB2", "VB5", "VB7", "VB8"} == {name for name, mark in marks.items() if mark == "yes"}
    true, random = (member.bounds["PAC-Bayes"].value for member in run.measured)
    assert true < 0.8 < 0.9 < random


def test_validity_and_identities_are_decided_at_any_size(small):
    assert [verdict(small, name).mark for name in ("VB2", "VB5", "VB7", "VB8")] == ["yes"] * 4
    assert (verdict(small, "VB3").status, verdict(small, "VB3").reason) == (Status.NOT_APPLICABLE, "needs follow digits")
    assert verdict(small, "VB12").reason == "needs follow mnist"
