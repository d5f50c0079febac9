"""Which phenomena take a data set: what is said to be accepted is, a row more is not, and what is refused is refused at its smallest."""

from functools import cache

import numpy as np
import pytest

from engine import registry
from engine.data import own
from engine.data.uses import Use, use_of
from engine.errors import LabError

RNG = np.random.default_rng(0)
SPECS = [registry.spec(entry.name) for entry in registry.entries() if not entry.origin]


@pytest.fixture(autouse=True, scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_DATA", str(tmp_path_factory.mktemp("data")))
        add_all()
        yield


def add_all():
    add("five", RNG.standard_normal((5, 2)), np.array([0, 0, 0, 1, 1]), ("a", "b"))
    add("three", RNG.standard_normal((400, 12)), np.arange(400) % 3, ("a", "b", "c"))
    add("pair", RNG.standard_normal((2500, 30)), np.arange(2500) % 2, ("a", "b"))
    add("targets", RNG.standard_normal((400, 60)), RNG.standard_normal(400))
    for name, count in (("short", 15), ("eigenvalues", 300)):
        own.add(name, own.OwnData("spectrum", None, np.zeros(0), eigenvalues=1 / np.arange(1.0, count + 1), source=f"{name}.csv"))


def add(name, x, y, classes=()):
    own.add(name, own.OwnData("classes" if classes else "targets", x, y, (x.shape[1],), classes, source=f"{name}.csv"))


@cache
def asked(name):
    """By phenomenon: itself, its knob for data, and how it takes this set."""
    found = {}
    for spec in SPECS:
        for item in spec.config.knobs():
            if item.offer and name in item.choices:
                found[spec.name] = (spec, item, use_of(spec, item, name))
    return found


@pytest.mark.parametrize("name", ["five", "three", "pair", "targets", "short", "eigenvalues"])
def test_what_is_said_to_be_taken_is_taken_with_these_words_and_not_with_more_rows(name):
    for spec, item, use in asked(name).values():
        if isinstance(use, str):
            assert use and not use.startswith(item.label)
            with pytest.raises(LabError):
                spec.configure("quick", {item.name: name})
            continue
        words = use.options.split()
        typed = dict(zip((word.removeprefix("--").replace("-", "_") for word in words[::2]), words[1::2], strict=True))
        assert spec.configure("quick", typed) == spec.configure("quick", use.knobs)
        if isinstance(use.knobs.get("n"), int):
            assert use.knobs["n"] <= spec.configure("quick").n
        if isinstance(use.knobs.get("n"), int) and use.knobs["n"] < spec.configure("quick").n:
            with pytest.raises(LabError):
                spec.configure("quick", {**use.knobs, "n": use.knobs["n"] + 1})


def test_kind_and_number_of_classes_and_rows_decide():
    def taking(name):
        return {phenomenon for phenomenon, (*_, use) in asked(name).items() if isinstance(use, Use)}

    least_squares = {"min-norm", "interpolation-threshold", "double-descent"}
    assert {"max-margin", "min-norm"} <= taking("five") and not taking("five") & {"random-labels", "lazy-training", "double-descent"}
    assert {"random-labels", "vacuous-bounds", "deep-double-descent", "lazy-training"} <= taking("three")
    assert not taking("three") & {*least_squares, "max-margin"}  # three classes
    assert least_squares <= taking("pair") and "max-margin" not in taking("pair")  # more rows than it takes
    assert taking("targets") == {*least_squares, "lazy-training"}
    assert taking("eigenvalues") == {"interpolation-threshold", "double-descent", "benign-overfitting"}
    assert taking("short") == {"interpolation-threshold"}  # fewer than the least n of the others


def test_max_margin_takes_points_as_they_are_and_keeps_none_for_testing():
    *_, use = asked("five")["max-margin"]
    assert use.scaled == "points as they were given" and not use.tests
    *_, networks = asked("three")["random-labels"]
    assert not networks.scaled and networks.tests
