"""How long a run takes here: declared work at a measured speed, corrected by runs; what is kept is checked when it is read."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine import calibration, estimates, registry, run_times
from engine.contract import Phase
from engine.contract.work import Work, modules, training
from engine.data import own
from engine.estimates import GpuRates, Speed, estimate, rounded
from tests.engine.toy_phenomenon import InstantToy
from tests.screens.canned import canned

OWN = [entry.name for entry in registry.entries() if not entry.origin]
SPEC = replace(InstantToy.spec, work=lambda config, seeds: Work(products=1e9 * seeds, calls=1e6))
CONFIG = SPEC.configure("quick")
FINISHED = canned(phase=Phase.FINISHED, seeds=(0, 1), elapsed=9.0)


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A machine that makes 1e9 operations and a million calls in a second."""
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path))
    monkeypatch.setattr(estimates, "may_be_gpu", lambda device: device == "cuda")
    found = Speed(machine=estimates.machine(), products=1e-9, solves=1e-9, elements=1e-9, calls=1e-6, convolutions=1e-4)
    run_times.keep(found)
    return found


def test_work_at_a_speed_is_seconds_and_runs_correct_it(known):
    assert estimate(SPEC, CONFIG, 2) == estimates.Estimate(3.0, measured=False)
    for _ in range(3):
        run_times.learn(SPEC, CONFIG, FINISHED)
    found = estimate(SPEC, CONFIG, 4)
    assert found is not None and found.measured and found.seconds == pytest.approx(15.0)
    run_times.learn(SPEC, CONFIG, replace(FINISHED, elapsed=1000.0))  # one run that something held up
    assert estimate(SPEC, CONFIG, 4) == found


@pytest.mark.parametrize("last", [replace(FINISHED, phase=Phase.STOPPED), replace(FINISHED, device="cuda"), replace(FINISHED, elapsed=1.9)])
def test_only_whole_runs_on_this_processor_teach(known, last):
    run_times.learn(SPEC, CONFIG, last)
    run_times.learn(SPEC, CONFIG, FINISHED, threads=63)
    assert estimates.speed() == known


def test_where_nothing_is_known_there_is_no_estimate(tmp_path, monkeypatch, known):
    assert estimate(replace(SPEC, work=None), CONFIG, 1) is None
    monkeypatch.setattr(estimates, "machine", lambda: "another machine")
    assert estimate(SPEC, CONFIG, 1) is None
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path / "nothing"))
    assert estimates.speed() is None


@pytest.mark.parametrize(
    "change",
    [
        {"products": -1}, {"products": 0.0}, {"products": 0.5}, {"solves": 1e30}, {"elements": float("nan")}, {"elements": 1e-30},
        {"calls": None}, {"calls": 1}, {"calls": "1e-6"}, {"products": True}, {"looked": "yes"}, {"gpu": {"name": "H200"}},
        {"runs": {"x": [float("inf")]}}, {"runs": {"x": [1.0] * 99}}, {"runs": {"x": [-1.0]}}, {"runs": []}, "torn", [1],
    ],
)  # fmt: skip
def test_a_damaged_file_is_no_estimate(known, tmp_path, change):
    (path,) = tmp_path.glob("speed-*.json")
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, **change} if isinstance(change, dict) else change))
    assert estimates.speed() is None and estimate(SPEC, CONFIG, 1) is None
    assert f"{path} is damaged" in estimates.looked_up()[1]


TRAINS = replace(SPEC, instant=False)
GPU = GpuRates(name="H200", products=1e-11, solves=1e-10, elements=1e-11, calls=1e-5, convolutions=1e-4)


def test_on_a_gpu_its_own_rates_count_and_its_own_runs_teach(known):
    assert estimate(TRAINS, CONFIG, 1, "cuda") is None  # it was not looked for
    run_times.keep(known.model_copy(update={"gpu": GPU, "looked": True}))
    assert estimate(TRAINS, CONFIG, 2, "cuda").seconds == pytest.approx(10.02)
    assert estimate(TRAINS, CONFIG, 2, "cpu").seconds == pytest.approx(3.0)
    assert estimate(SPEC, CONFIG, 2, "cuda").seconds == pytest.approx(3.0)  # which computes on the processor all the same
    run_times.learn(TRAINS, CONFIG, replace(FINISHED, device="cuda", elapsed=20.04))
    assert estimate(TRAINS, CONFIG, 2, "cuda").seconds == pytest.approx(20.04)
    assert estimate(TRAINS, CONFIG, 2, "cpu").seconds == pytest.approx(3.0)
    assert list(estimates.speed().runs) == [f"{SPEC.name} on H200"]


def test_studies_that_compute_otherwise_are_corrected_apart(known):
    spec = replace(registry.spec("double-descent"), work=SPEC.work)
    own, multiple = spec.configure("quick"), spec.configure("multiple-descent")
    run_times.learn(spec, multiple, FINISHED)
    assert estimate(spec, multiple, 2).seconds == pytest.approx(9.0) and estimate(spec, own, 2).seconds == pytest.approx(3.0)


def test_where_torch_finds_no_gpu_beside_a_driver_the_processor_counts(monkeypatch, known):
    monkeypatch.setattr(estimates, "may_be_gpu", lambda device: device != "cpu")
    assert estimate(TRAINS, CONFIG, 2) is None
    run_times.keep(known.model_copy(update={"looked": True}))
    assert estimate(TRAINS, CONFIG, 2).seconds == pytest.approx(3.0)
    assert estimate(TRAINS, CONFIG, 2, "cuda") is None


@pytest.mark.parametrize(
    ("name", "preset", "trains"),
    [
        ("max-margin", "quick", False),
        ("max-margin", "lyu-li", True),
        ("double-descent", "belkin-rff", False),
        ("double-descent", "belkin-net", True),
        ("random-labels", "quick", True),
    ],
)
def test_networks_of_an_instant_phenomenon_train_on_the_device_that_is_asked_for(name, preset, trains):
    spec = registry.spec(name)
    assert spec.trains(spec.configure(preset)) is trains


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path, monkeypatch, known):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path / "file"))
    assert estimates.unwritable() == f"{tmp_path / 'file'} is no folder"
    run_times.keep(known)
    assert estimates.speed() is None


def test_what_cannot_be_read_or_is_of_another_machine_says_so(tmp_path, monkeypatch, known):
    assert estimates.looked_up() == (known, "") and estimates.unwritable() == ""
    (path,) = tmp_path.glob("speed-*.json")
    path.write_text(known.model_copy(update={"machine": "an abacus"}).model_dump_json())
    assert estimates.looked_up() == (None, f"{path} is of another machine: an abacus")
    path.unlink()
    assert estimates.looked_up() == (None, "")
    path.mkdir()
    assert estimates.looked_up()[0] is None and f"{path} cannot be read" in estimates.looked_up()[1]
    assert estimates.unwritable() == f"{path} is a folder"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "a second"),
        (3.2, "3 s"),
        (14, "15 s"),
        (47, "45 s"),
        (89, "90 s"),
        (130, "2 min"),
        (1500, "25 min"),
        (9000, "2 h"),
        (4e5, "4 days"),
    ],
)
def test_times_are_told_as_precisely_as_they_are_known(seconds, words):
    assert rounded(seconds) == words


@pytest.mark.parametrize("name", OWN)
def test_every_phenomenon_declares_work_that_grows_with_its_seeds_and_presets(name):
    spec = registry.spec(name)
    assert spec.work is not None
    for preset in spec.presets:
        config = spec.configure(preset.name)
        one, two = spec.work(config, 1), spec.work(config, 4)
        for kind in ("products", "solves", "elements", "calls", "convolutions"):
            assert 0 <= getattr(one, kind) <= getattr(two, kind) < 1e20  # the largest: four seeds of Nakkiran's widths, days on a GPU
        assert max(vars(one).values()) > 1e4


def test_training_counts_what_its_loops_would():
    found = training(networks=3, steps=10, weights=20, hidden=4, examples=5, calls=7)
    assert found.products == sum(6 for _ in range(3) for _ in range(10) for _ in range(20) for _ in range(5))
    assert found.calls == 70 and (found + found).calls == found.times(2).calls == 140


def test_thin_convolutions_take_time_beside_their_products(known):
    found = modules(networks=2, steps=5, products=0, units=0, layers=3, parameters=0, examples=7)
    assert found.convolutions == sum(3 for _ in range(2) for _ in range(5)) and found.times(2).convolutions == 60
    assert estimates.computed(found, known) == pytest.approx(30 * 1e-4 + 10 * (12 * 3 + 60) * 1e-6)
    assert modules(2, 5, 0, 0, 3, 0, 7, convolve=False) == replace(found, convolutions=0.0)


def test_the_processor_is_measured_on_the_threads_that_runs_take(monkeypatch):
    """Two threads on one free core wait for each other: what they take says nothing of a run."""
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(3)
    monkeypatch.setattr(calibration, "default_threads", lambda: 1)
    monkeypatch.setattr(calibration, "_seconds", lambda work, wait=None: seen.append(torch.get_num_threads()) or (work(), 1.0)[1])
    try:
        found = calibration.calibrated()
        assert set(seen) == {1} and torch.get_num_threads() == 3
        assert all(getattr(found, kind) > 0 for kind in estimates.Rates.model_fields)
    finally:
        torch.set_num_threads(before)


def test_what_was_kept_before_a_kind_of_work_was_told_apart_is_another_file(known, monkeypatch):
    class Fewer(estimates.Rates):
        pass

    Fewer.model_fields.pop("convolutions", None)
    monkeypatch.setattr(estimates, "Rates", Fewer)
    assert estimates.speed() is None and estimates.looked_up()[1] == ""


def test_double_precision_takes_longer_and_makes_no_more_operations():
    found = Work(products=100.0, solves=10.0, elements=4.0, calls=2.0, parameters=7, memory=8.0)
    double = found.in_double()
    assert (double.products, double.solves, double.elements, double.parameters, double.memory) == (200.0, 10.0, 8.0, 7, 8.0)
    assert double.operations == found.operations == 110.0
    assert (double + double.times(3)).operations == 4 * 110.0 and double.in_double().operations == 110.0


def own_data(tmp_path, monkeypatch):
    """Small and large data of every kind, by what they are for."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    rng = np.random.default_rng(0)

    def rows(name, count, features, classes):
        y = np.arange(count) % classes if classes else rng.standard_normal(count)
        names = tuple(f"c{label}" for label in range(classes))
        x = rng.standard_normal((count, features)).astype(np.float32)
        own.add(name, own.OwnData("classes" if classes else "targets", x, y, (features,), names, source=f"{name}.csv"))

    rows("few", 700, 8, 2), rows("wide", 700, 800, 2), rows("many", 1900, 8, 2)
    rows("classes2", 700, 100, 2), rows("classes90", 700, 100, 90)
    rows("short", 400, 150, 0), rows("long", 4000, 150, 0), rows("broad", 400, 1500, 0)
    for name, count in (("lines", 500), ("spectral", 5000)):
        found = own.OwnData("spectrum", None, np.zeros(0), eigenvalues=1.0 / np.arange(1.0, count + 1), source=f"{name}.csv")
        own.add(name, found)


GROWS = [  # phenomenon, knobs, the knob that takes the data, a smaller and a larger set
    ("random-labels", {"n": 100}, "dataset", "few", "wide"),
    ("random-labels", {"n": 100}, "dataset", "classes2", "classes90"),
    ("vacuous-bounds", {"n": 100}, "dataset", "few", "wide"),
    ("deep-double-descent", {"n": 100, "tests": 100, "samples": (0,)}, "dataset", "few", "wide"),
    ("deep-double-descent", {"n": 100, "tests": 100, "samples": (0,)}, "dataset", "classes2", "classes90"),
    ("lazy-training", {"n": 100}, "dataset", "few", "wide"),
    ("max-margin", {}, "data", "few", "many"),
    ("interpolation-threshold", {"n": 100}, "dataset", "short", "broad"),
    ("interpolation-threshold", {"n": 100}, "dataset", "short", "long"),
    ("interpolation-threshold", {"n": 400, "d_max": 10.0}, "spectrum", "lines", "spectral"),
    ("double-descent", {"n": 100}, "dataset", "short", "broad"),
    ("double-descent", {"n": 100}, "dataset", "short", "long"),
    ("double-descent", {"n": 200, "D": 2000}, "spectrum", "lines", "spectral"),
    ("benign-overfitting", {}, "spectrum", "lines", "spectral"),
]


@pytest.mark.parametrize(("name", "knobs", "takes", "small", "large"), GROWS, ids=[f"{case[0]}-{case[4]}" for case in GROWS])
def test_the_size_of_own_data_is_in_the_estimate(known, tmp_path, monkeypatch, name, knobs, takes, small, large):
    own_data(tmp_path, monkeypatch)
    spec = registry.spec(name)
    less, more = (estimate(spec, spec.configure("quick", {**knobs, takes: data}), 1) for data in (small, large))
    assert less is not None and more is not None and less.seconds < more.seconds


def test_own_rows_of_minimum_norm_cost_no_draws_of_its_mean(known, tmp_path, monkeypatch):
    own_data(tmp_path, monkeypatch)
    spec = registry.spec("min-norm")
    drawn, rows = (estimate(spec, spec.configure("quick", {"draws": 5000, **more}), 1) for more in ({}, {"dataset": "short"}))
    assert drawn is not None and rows is not None and rows.seconds < drawn.seconds
