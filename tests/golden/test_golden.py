"""Reduced runs of every phenomenon: the numbers that were recorded, and what a declaration promises of every run.

`expected.json` holds sizes, medians, means and last values of every curve and array (`python -m tests.golden.record FOLDER --keep`
writes it). They are compared within tolerances, since the last bits depend on the processor and its BLAS; trained networks amplify
them.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from engine import registry
from engine.contract import Status
from tests.golden.cases import CASES
from tests.golden.condense import contents, numbers
from tests.golden.ran import ran

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text())
EXACT, FACTORED, TRAINED = 1e-6, 5e-3, 2e-2  # relative tolerances
TRAINING = {"random-labels", "deep-double-descent", "grokking", "lazy-training", "vacuous-bounds", "edge-of-stability", "neural-collapse"}
TRAINED_CASES = {"max-margin--convolutional", "double-descent--network"}  # of phenomena that otherwise solve
FACTORED_CURVES = ("matrix-completion/",)  # of runs that otherwise solve: factors, whose first steps from near 0 amplify: 8e-4 was seen
IDS = [case.id for case in CASES]
NAMES = list(dict.fromkeys(case.phenomenon for case in CASES))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_numbers_are_those_that_were_recorded(case):
    found, expected = numbers(contents(ran(case))), EXPECTED[case.id]
    assert found.keys() == expected.keys()
    trains = case.phenomenon in TRAINING or case.id in TRAINED_CASES
    for name, values in expected.items():
        tolerance = TRAINED if trains else FACTORED if name.removeprefix("series ").startswith(FACTORED_CURVES) else EXACT
        np.testing.assert_allclose(found[name], values, rtol=tolerance, atol=tolerance * max(1e-6, max(map(abs, values[1:]), default=0)),
                                   err_msg=name)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_decided_verdict_has_numbers_and_an_undecided_one_a_reason(case):
    for verdict in ran(case).verdicts():
        if verdict.holds is not None:
            assert verdict.values and all(isinstance(value, float) for value in verdict.values.values()), verdict
        elif verdict.status is not Status.PENDING:
            assert verdict.reason, verdict


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_records_hold_declared_quantities_of_the_declared_length(case):
    made = ran(case)
    declared = {quantity.name: quantity for quantity in made.spec.quantities}
    for record in made.history.records:
        assert record.keys() <= declared.keys()
        for name, value in record.items():
            lengths = {"run": None, "seed": len(made.seeds), "network": len(made.networks)}
            assert (len(value) if isinstance(value, list) else None) == lengths[declared[name].per], name


@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_of_every_figure_draws_something_or_the_figure_says_what_fills_it(name):
    drawn = [made.series() for made in (ran(case) for case in CASES if case.phenomenon == name)]
    for figure in registry.spec(name).figures:
        for pattern in figure.series:
            alone = type(figure)(figure.name, figure.title, figure.x, figure.y, (pattern,))
            assert figure.empty or any(alone.draws(series) for series in drawn), f"{figure.name}: nothing is drawn for {pattern}"


@pytest.mark.parametrize("name", NAMES)
def test_every_curve_belongs_to_a_figure_and_keeps_its_name_unique(name):
    figures = registry.spec(name).figures
    for made in (ran(case) for case in CASES if case.phenomenon == name):
        series = made.series()
        assert len({item.name for item in series}) == len(series)
        drawn = {item.name for figure in figures for item in figure.draws(series)}
        assert not {item.name for item in series} - drawn
