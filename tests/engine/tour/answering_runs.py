"""Finished runs made up for the stops of the tour, from what their phenomena declare: no torch, and any outcome that is wanted."""

import numpy as np

from engine.contract import Phase, ScalarValue, Series, Snapshot, Status, Verdict
from engine.registry import spec
from engine.tour import STOPS

BY_NAME = {stop.name: stop for stop in STOPS}
THIRD = np.array([0.0, 0.5, 1.0])


def run(stop, *, values=(), curves=(), statuses=(), **changes):
    """A finished run of a stop.

    values: scalars by name, a number, or a pair of seeds; curves: (x, y) or (x, y, lo, hi) by name;
    statuses: of claims, by id, all others hold. Names that the phenomenon does not declare are refused.
    """
    found = spec(stop.phenomenon)
    declared = {item.name: item for item in found.scalars}
    figures = {figure.name: figure for figure in found.figures}
    scalars = [ScalarValue(declared[name], seeds, (False,) * len(seeds)) for name, seeds in _pairs(values, _seeds)]
    named = dict(values)
    scalars += [ScalarValue(item, (np.nan,), (False,), "not made up") for item in found.scalars if item.name not in named]
    series = []
    for name, (x, y, *band) in dict(curves).items():
        lo, hi = (np.asarray(part, float) for part in band) if band else (None, None)
        made = Series(name, name, np.asarray(x, float), np.asarray(y, float), lo=lo, hi=hi)
        assert any(figure.draws([made]) for figure in figures.values()), f"no figure draws {name}"
        series.append(made)
    claims = {claim.id: claim for claim in found.claims}
    assert set(dict(statuses)) <= set(claims)
    verdicts = tuple(Verdict(claim, 1.0, 1.0, dict(statuses).get(name, Status.HOLDS)) for name, claim in claims.items())
    snapshot = Snapshot(
        found.name, f"{found.name}-quick-s0", stop.preset, found.configure(stop.preset, stop.knobs).values(), (0,), Phase.FINISHED, "done",
        series=tuple(series), verdicts=verdicts, scalars=tuple(scalars), step=100, total=100,
    )  # fmt: skip
    return Snapshot(**{**vars(snapshot), **changes})


def _pairs(values, make):
    return [(name, make(value)) for name, value in dict(values).items()]


def _seeds(value):
    return tuple(map(float, value)) if isinstance(value, tuple) else (float(value),)
