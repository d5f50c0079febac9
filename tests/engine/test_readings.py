"""From records to curves: settings, replicates and bands, against numbers computed by hand."""

from dataclasses import dataclass

import numpy as np
import pytest

from engine.contract import Quantity, Summary
from engine.readings import History, Network, Readings, first_reached, summarised


@dataclass(frozen=True)
class Width:
    name: str
    label: str


NARROW, WIDE = Width("narrow", "10 units"), Width("wide", "90 units")
NETWORKS = [Network(setting, seed) for seed in (0, 1) for setting in (NARROW, WIDE)]
QUANTITIES = (
    Quantity("loss", "loss", figure="loss", summary=Summary.MEAN_RANGE),
    Quantity("gap", "gap of a seed", per="seed", figure="gap", summary=Summary.MEDIAN_RANGE),
    Quantity("time", "time", per="run"),
)


@pytest.fixture
def readings():
    """Two seeds of two settings, seed by seed: narrow 0, wide 0, narrow 1, wide 1."""
    history = History()
    history.append(0, {"loss": [8.0, 9.0, 6.0, 5.0], "gap": [1.0, 3.0], "time": 0.5})
    history.append(1, {"time": 1.5})
    history.append(4, {"loss": [4.0, 3.0, 2.0, 1.0], "gap": [0.0, 1.0], "time": 2.5})
    return Readings(history, NETWORKS, QUANTITIES)


def test_tables_are_steps_by_replicates(readings):
    steps, values = readings.table("loss", "wide")
    assert steps.tolist() == [0, 4] and values.tolist() == [[9, 5], [3, 1]]
    assert readings.table("gap")[1].tolist() == [[1, 3], [0, 1]]
    assert readings.table("time")[1].tolist() == [[0.5], [1.5], [2.5]]
    assert readings.table("nothing", "wide")[1].shape == (0, 2)
    assert readings.columns("narrow") == [0, 2] and readings.columns("none") == []


def test_the_latest_values_and_the_first_step(readings):
    assert readings.latest("loss", "narrow").tolist() == [4, 2]
    assert np.isnan(readings.latest("nothing", "narrow")).all()
    assert readings.first_step("loss", "narrow", 7.0).tolist()[0] == 0 and np.isnan(readings.first_step("loss", "narrow", 7.0)[1])
    np.testing.assert_array_equal(first_reached(np.array([0.0, 3.0, 9.0]), np.array([[1.0, 5.0], [2.0, 0.0], [7.0, 0.0]]), 2.0), [3.0, 0.0])


def test_a_curve_is_named_by_quantity_and_setting_and_coloured_by_setting(readings):
    curve = readings.curve("loss", "wide")
    assert (curve.name, curve.label, curve.group, curve.band) == ("loss/wide", "90 units", "wide", "mean, range of 2 seeds")
    assert (curve.x.tolist(), curve.y.tolist(), curve.lo.tolist(), curve.hi.tolist()) == ([0, 4], [7, 2], [5, 1], [9, 3])
    assert readings.curve("loss", "wide", from_step=1).x.tolist() == [4]
    assert readings.curve("time").lo is None and readings.curve("time").label == "time"


def test_declared_quantities_with_a_figure_are_the_curves(readings):
    assert [curve.name for curve in readings.curves()] == ["loss/narrow", "loss/wide", "gap"]


@pytest.mark.parametrize(
    ("summary", "y", "lo", "hi", "band"),
    [
        (Summary.MEAN_RANGE, 4.0, 1.0, 10.0, "mean, range of 4 draws"),
        (Summary.MEDIAN_RANGE, 2.5, 1.0, 10.0, "median, range of 4 draws"),
        (Summary.MEDIAN_QUARTILES, 2.5, 1.0, 3.0, "median, quartiles of 4 draws"),  # quartiles that occurred
        (Summary.MEAN_ERROR, 4.0, 4 - np.sqrt(50 / 3 / 4), 4 + np.sqrt(50 / 3 / 4), "mean, standard error of 4 draws"),
    ],
)
def test_a_band_is_what_it_says(summary, y, lo, hi, band):
    curve = summarised("a", "A", [5], np.array([[1.0, 2.0, 3.0, 10.0]]), summary, "draws", kind="theory", group="g")
    assert (curve.y[0], curve.lo[0], curve.hi[0]) == pytest.approx((y, lo, hi))
    assert (curve.band, curve.kind, curve.group) == (band, "theory", "g")


def test_one_replicate_has_no_band_and_absent_places_may_be_left_out():
    assert summarised("a", "A", [1, 2], np.ones((2, 1))).lo is None
    values = np.array([[1.0, np.nan], [1.0, 3.0], [np.inf, 1.0]])
    assert summarised("a", "A", [1, 2, 3], values, present=True).x.tolist() == [2]
    assert np.isnan(summarised("a", "A", [1, 2, 3], values).y[0])
