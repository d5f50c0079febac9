"""Every phenomenon with every knob at its least and greatest value, the rest reduced, driven through `state` and `restore`."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from engine import registry
from engine.config import Config, Knob
from engine.contract import values_record
from engine.data.published.catalogue import PUBLISHED
from engine.errors import Diverged
from engine.interruption import interruptible
from engine.phenomenon import AnyPhenomenon
from engine.state import State
from engine.store import frozen
from engine.store.strict_json import dumps, loads
from tests.golden.cases import CASES

WORK = 2000  # looks at the wish to stop that the building of a trial may take: the bound of work, which no machine changes
PIECE = 1e-3  # seconds of work between two moments
RESTORED = (0, 3, 10, 30, 100, 300)  # moments
BASES = {case.phenomenon: dict(case.knobs) for case in reversed(CASES)}  # of each phenomenon the first
BASES["max-margin"] |= {"data": "gauss", "n": 20, "d": 6, "gd_steps": 500}  # four points have neither n nor d
BASES["deep-double-descent"]["dataset"] = "digits196"  # MNIST-1D takes seconds to draw
BASES["edge-of-stability"]["n"] = 20  # its Hessian is looked at step after step

Trial = tuple[str, str, Any]  # phenomenon, knob, value
MNIST1D = {"dataset": "mnist1d"}
COMPANIONS: dict[Trial, dict[str, Any]] = {  # what an end cannot do without
    ("random-labels", "model", "both"): MNIST1D,
    ("random-labels", "n", 60_000): MNIST1D,
    ("random-labels", "random_crops", True): {"crop": 12, "scaling": "image", "model": "alexnet", "width_multiplier": 0.05},
    ("vacuous-bounds", "n", 60_000): {"dataset": "mnist"},
    ("random-labels", "batch", 60_000): {"n": 60_000, **MNIST1D},
    ("min-norm", "n", 500): {"d": 500},
    ("min-norm", "d", 2): {"n": 2},
    ("min-norm", "rank", 20): {"side": 20},
    ("max-margin", "flips", 500): {"n": 500},
    ("max-margin", "n", 1000): {"study": "asymptotics"},
    ("max-margin", "d", 1000): {"study": "mirror"},
    ("double-descent", "spectrum", "blocks"): {"study": "multiple-descent"},
    ("double-descent", "n", 1000): {"D": 1000},
    ("double-descent", "D", 20): {"n": 20},
    ("double-descent", "D", 10_000): {"n": 1000},
    ("double-descent", "head_k", 500): {"n": 1000, "D": 1000},
    ("deep-double-descent", "n", 60_000): MNIST1D,
    ("deep-double-descent", "samples", (60_000,)): MNIST1D,
    ("deep-double-descent", "tests", 12_000): MNIST1D,
    ("grokking", "op", "x2+y2"): {"model": "mlp"},
    ("grokking", "op", "x2+xy+y2"): {"model": "mlp"},
    ("grokking", "op", "x2+xy+y2+x"): {"model": "mlp"},
    ("grokking", "op", "x3+xy"): {"model": "mlp"},
    ("grokking", "op", "x3+xy2+y"): {"model": "mlp"},
    ("grokking", "op", "div-or-sub"): {"model": "mlp"},
    ("grokking", "op", "s5"): {"model": "mlp", "fraction": 0.05},
    ("grokking", "op", "s5-xyx"): {"model": "mlp", "fraction": 0.05},
    ("grokking", "op", "s5-xyx^-1"): {"model": "mlp", "fraction": 0.05},
    ("grokking", "speedup", "stablemax"): {"model": "mlp"},
    ("grokking", "model", "decoder"): {"width": 56},
    ("benign-overfitting", "sigma", 0.0): {"signal": 1.0},
    ("neural-collapse", "batch", 1000): {"per_class": 100},
}
LIGHTER: dict[Trial, dict[str, Any]] = {  # what an end takes minutes without
    ("double-descent", "study", "fourier-features"): {"images": "digits196", "examples": 60, "most_features": 240},
    ("double-descent", "study", "network"): {"images": "digits196", "examples": 60, "widths": (2, 8), "epochs": 2},
    ("max-margin", "study", "convolutional"): {"channels": 0.1, "epochs": 3, "batch": 50},
    ("lazy-training", "study", "convolutional"): {
        "channels": 0.02,
        "examples": 100,
        "output_scales": (1.0,),
        "rates": (0.1,),
        "epochs": 1,
        "batch": 50,
    },
}
TOO_BIG: frozenset[Trial] = frozenset(  # building them takes more work than `WORK`
    {
        ("random-labels", "dataset", "mnist1d"),
        ("random-labels", "model", "both"),
        ("random-labels", "n", 60_000),
        ("random-labels", "batch", 60_000),
        ("deep-double-descent", "dataset", "mnist1d"),
        ("deep-double-descent", "n", 60_000),
        ("deep-double-descent", "samples", (60_000,)),
        ("deep-double-descent", "tests", 12_000),
        ("edge-of-stability", "n", 5000),
        ("vacuous-bounds", "n", 60_000),
    }
)
IN_ONE_PIECE: frozenset[Trial] = frozenset({("lazy-training", "n", 2000)})  # a factorisation of many seconds, which cannot be cut
BEYOND_DATA: frozenset[Trial] = frozenset(  # no data set has as many
    {("neural-collapse", "per_class", 5000), ("random-labels", "crop", 256)}
)
WITHOUT_SOLUTION: frozenset[Trial] = frozenset(  # of the reduced problems
    {("benign-overfitting", "ridge", -1.0), ("max-margin", "eta", 0.0)}
)
UNREACHED = TOO_BIG | IN_ONE_PIECE | BEYOND_DATA | WITHOUT_SOLUTION


def extremes(knob: Knob) -> list[Any]:
    """The values of a knob that are worth trying beside the reduced ones."""
    if knob.kind == "choice":
        return [choice for choice in knob.choices if choice not in PUBLISHED]  # which are fetched
    if knob.kind == "bool":
        return [False, True]
    ends = [end for end in (knob.lo, knob.hi) if end is not None]
    if knob.kind in ("ints", "floats"):
        return [(end,) for end in ends]
    return ends


def trials() -> list[Trial]:
    """(phenomenon, knob, value) of every trial; the knob is empty for the reduced run itself."""
    found: list[Trial] = []
    for name in registry.names():
        found.append((name, "", None))
        for knob in registry.spec(name).config.knobs():
            found += [(name, knob.name, value) for value in extremes(knob)]
    return found


def configured(name: str, knob: str, value: Any) -> Config:
    """The config of a trial: the reduced run with one knob at an end, and what this end cannot, or not cheaply, do without."""
    others = COMPANIONS.get((name, knob, value), {}) | LIGHTER.get((name, knob, value), {})
    return registry.spec(name).configure("quick", {**BASES[name], **others, **({knob: value} if knob else {})})


def built(name: str, knob: str, value: Any, work: int = WORK) -> AnyPhenomenon:
    """Return the phenomenon of a trial.

    Raises:
        Interrupted: building it looks more than `work` times whether it should stop.
    """
    looks = itertools.count()
    with interruptible(lambda: next(looks) >= work):
        return registry.load(name)(configured(name, knob, value), (0,))


def again(run: AnyPhenomenon, saved: State) -> AnyPhenomenon:
    """Return a fresh phenomenon that takes up a state, as it does when a stored run goes on."""
    fresh = type(run)(run.config, run.seeds, run.device, run.preset)
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        fresh.history.append(step, record)
    fresh.step = run.step
    fresh.restore(State({name: array.copy() for name, array in saved.arrays.items()}, loads(dumps(saved.scalars))))
    return fresh


def assert_same(one: State, two: State, where: str) -> None:
    """Two states are equal to the last bit."""
    assert loads(dumps(one.scalars)) == loads(dumps(two.scalars)) or dumps(one.scalars) == dumps(two.scalars), where
    assert one.arrays.keys() == two.arrays.keys(), where
    for name, array in one.arrays.items():
        other = np.asarray(two.arrays[name])
        assert (array.dtype, array.shape, array.tobytes()) == (other.dtype, other.shape, other.tobytes()), f"{where}: {name}"


def assert_same_values(fresh: AnyPhenomenon, run: AnyPhenomenon, where: str) -> None:
    """A run that was restored has the same scalars, but for those that wait for what it works out again; all of them are sound."""
    answers, before = fresh.scalars(), run.scalars()
    assert all(item.sound for item in (*answers, *before)), where
    known = {item.scalar.name for item in answers if item.reason != "pending"}
    new, old = values_record(answers), values_record(before)
    assert {name: new[name] for name in known} == {name: old[name] for name in known}, where


def drive(run: AnyPhenomenon, most: int) -> tuple[int, bool]:
    """Save at every moment, at most so many, and restore what was saved at the first, the last, and ever rarer ones between.

    Returns:
        The number of moments, and whether the end was reached.
    """
    for moment in range(most):
        saved = frozen(run.state())
        over = run.done and not run.due()
        if over or moment == most - 1 or moment in RESTORED:
            fresh = again(run, saved)
            assert_same(saved, frozen(fresh.state()), f"moment {moment}, step {run.step}")
            assert fresh.notes == run.notes
            assert_same_values(fresh, run, f"moment {moment}, step {run.step}")
        if over:
            return moment + 1, True
        try:
            if run.due():
                run.history.append(run.step, run.measure())
            else:
                run.advance(PIECE)
        except Diverged:
            return moment + 1, True
    return most, False
