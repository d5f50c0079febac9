"""Knobs that are said to have no effect beside the values of others: what is measured, drawn and stored is the same without them."""

import numpy as np
import pytest

from engine import registry
from engine.data import own
from tests.phenomena.driven import work

pytestmark = pytest.mark.usefixtures("one_thread")
RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((90, 40))
OWN = {"dataset": "prices"}
LS = {"n": 20, "draws": 2, "digits": 0, "relu_draws": 0}
LAZY = {"m": 10, "widths": (10,), "n": 20, "steps": 100, "alpha": (1.0,), "dataset": "prices"}
CASES = {
    "max-margin": ({"data": "pair", "gd_steps": 20, "decades": 5}, {"n": 50, "d": 20}),
    "min-norm": ({"n": 8, "d": 20, "steps": 10, "side": 4, "rank": 1, **OWN}, {"r2": 2.0, "sigma": 1.0, "draws": 7}),
    "interpolation-threshold": ({"n": 12, "draws": 4, **OWN}, {"sigma": 1.0, "r2": 3.0, "entries": "rademacher"}),
    "double-descent": ({**LS, **OWN}, {"profile": "flat", "head_k": 3, "head_share": 0.5, "decay": 0.5, "d": 30, "noise": 0.5,
                                       "digit_features": 700}),
    "lazy-training": (LAZY, {"d": 7, "teacher": 2}),
}  # fmt: skip
WITH_SIGNAL = {
    "interpolation-threshold": ({"n": 12, "draws": 4, "spectrum": "falling"}, {"r2": 3.0, "order": "random"}),
    "double-descent": ({**LS, "D": 60, "spectrum": "falling"}, {"profile": "flat", "head_k": 3, "head_share": 0.5, "order": "random"}),
}
OTHERS = {"r2": 2.0, "sigma": 1.0, "draws": 7, "side": 5, "rank": 1, "share": 0.9, "scale": 0.1, "w0": 1.0, "beta": 0.5}
ALONE = {  # studies that keep to a model of their own
    "min-norm-mirror": ({"param": "mirror", "n": 8, "d": 20, "steps": 30}, {**OTHERS, "alpha": 0.3}),
    "min-norm-label-noise": ({"param": "label-noise", "n": 8, "d": 20, "steps": 30}, {**OTHERS, "eta": 0.3}),
}


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    own.add("prices", own.OwnData("targets", ROWS, ROWS @ np.arange(40.0), (40,), source="prices.csv"))
    points = RNG.standard_normal((12, 2)) + np.repeat([[4.0, 4.0], [-4.0, -4.0]], 6, axis=0)
    own.add("pair", own.OwnData("classes", points, np.repeat([0, 1], 6), (2,), ("a", "b"), source="pair.csv"))
    falling = own.OwnData("spectrum", None, np.zeros(0), eigenvalues=4.0 / np.arange(1, 81), signal=np.ones(80), source="falling.npz")
    own.add("falling", falling)


def came_to(name, knobs):
    config = registry.spec(name).configure("quick", knobs)
    run = work(registry.load(name)(config, (0,), "cpu", "custom"))
    drawn = {item.name: np.asarray(item.y) for item in run.series()}
    return run.history.records, drawn, run.arrays()


def same(one, two):
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    one, two = np.asarray(one), np.asarray(two)
    return one.shape == two.shape and (np.array_equal(one, two, equal_nan=True) if one.dtype.kind == "f" else bool(np.all(one == two)))


LONG = ("min-norm", "double-descent-signal")
STUDIES = [*CASES.items(), *WITH_SIGNAL.items(), *((name[:8], case) for name, case in ALONE.items())]
NAMES = [*CASES, *(f"{name}-signal" for name in WITH_SIGNAL), *ALONE]
PARAMS = [pytest.param(*study, id=name, marks=pytest.mark.slow if name in LONG else ()) for study, name in zip(STUDIES, NAMES, strict=True)]


@pytest.mark.parametrize(("name", "case"), PARAMS)
def test_what_is_called_idle_changes_nothing(name, case):
    knobs, others = case
    config = registry.spec(name).configure("quick", {**knobs, **others})
    assert all(config.knob(other).idle(config) for other in others)
    assert same(came_to(name, knobs), came_to(name, {**knobs, **others}))


ELSEWHERE = {"n", "d", "order", "decay", "r", "psi", "draws", "delta", "p", "noise_step", "noisy"}  # of other data and features
NETWORKS = {"pace", "steps", "images", "examples", "act", "width", "channels", "first_bias", "rates", "lr", "batch", "epochs"}
STUDIES = {  # of the studies that a phenomenon does not begin with
    "max-margin": NETWORKS,
    "lazy-training": {
        "images", "examples", "network", "channels", "output_scales", "linearised", "rates", "gain", "crops", "batch", "epochs",
    },
    "double-descent": {
        "blocks", "lam", "sizes", "weight_draws", "images", "examples", "most_features", "bandwidth", "widths", "reuse", "fresh", "epochs",
        "batch", "lr", "momentum",
    },
}  # fmt: skip


def test_what_matters_is_not_called_idle_on_built_in_data():
    for name in CASES:
        config = registry.spec(name).configure("quick")
        needing = {item.name for item in config.knobs() if item.idle(config)}
        assert needing <= ELSEWHERE | STUDIES.get(name, set()), name
    gauss = registry.spec("max-margin").configure("quick", {"data": "gauss"})
    assert {item.name for item in gauss.knobs() if item.idle(gauss)} == {"r", "psi", "draws", "p", *NETWORKS}  # of other studies
