"""The figures of study mirror: margins in every norm over the largest there, on the way and at the end, and the weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Figure, Marker, Picture, PictureSpec, Series, Summary
from engine.phenomena.max_margin.config import MIRROR
from engine.readings import summarised
from engine.theory.inputs import Floats

if TYPE_CHECKING:
    from engine.phenomena.max_margin.mirror.study import Exponent, Mirror

TITLE = "Margin table"
STEP, EMPTY, DOMAIN = Axis("step", log=True, lo=1), "fills with preset mirror", (MIRROR,)
FIGURES = (
    Figure("mirror-norms", "Margin in each norm", Axis("q of the l_q norm", lo=1.1), Axis("over largest", hi=1.01), ("mirror-norms/*",),
           "each potential reaches 1 at own q = p", EMPTY, DOMAIN),
    Figure("mirror-margin", "Margin in own norm", STEP, Axis("over largest", lo=0.0, hi=1.05), ("mirror-margin/*",),
           "min z.w/|w|_p, from where all labels stay right", EMPTY, DOMAIN),
    Figure("mirror-weights", "Sizes of weights", Axis("rank by size", lo=1), Axis("|w|/largest", lo=0.0, hi=1.05),
           ("mirror-weights/*",), "first seed; small p keeps few features", EMPTY, DOMAIN),
    Figure("mirror-distance", "Direction error", STEP, Axis("|w/|w|-limit's|", log=True), ("mirror-distance/*",),
           "limit: the direction of largest margin in own norm", EMPTY, DOMAIN),
)  # fmt: skip
PICTURES = (PictureSpec("mirror-matrix", TITLE, domain=DOMAIN),)
DRAWN = Summary.MEDIAN_RANGE


def curves(study: Mirror) -> Iterator[Series]:
    """Theory once it is solved, and what the steps came to beside it."""
    if not study.solved:
        return
    for setting in study.settings:
        yield from _of_limit(study, setting)
    steps = study.steps_kept()
    for setting in study.settings if len(steps) else ():
        yield from _of_steps(study, setting, steps)


def markers() -> tuple[Marker, ...]:
    """The largest margin."""
    return (Marker("mirror-margin", "y", 1.0, "largest margin"),)


def matrix_picture(study: Mirror) -> Picture:
    """Draw every potential's margin in every norm, over the largest; the mean over seeds."""
    values = study.matrix().mean(axis=0)
    return Picture(
        "mirror-matrix", TITLE, values=values, palette="sequential", lo=float(min(values.min(), 0.9)), hi=1.0, x="norm", y="potential",
        note="margin over the largest in that norm", shade="over largest", rows=tuple(f"p={one.p:g}" for one in study.settings),
        columns=tuple(f"in l_{setting.p:g}" for setting in study.settings),
    )  # fmt: skip


def _of_limit(study: Mirror, setting: Exponent) -> Iterator[Series]:
    norms = study.norms
    shares = [[float(one.share(one.largest(setting.p)[1], p)) for one in study.problems] for p in norms]
    yield summarised(
        f"mirror-norms/{setting.name}-limit", f"{setting.label}, limit", np.array(norms), np.array(shares), DRAWN, kind="theory",
        basis="exact", group=setting.name,
    )  # fmt: skip
    sizes = _sorted(study.problems[0].largest(setting.p)[1])
    yield Series(
        f"mirror-weights/{setting.name}-limit", f"{setting.label}, limit", np.arange(1.0, len(sizes) + 1), sizes, kind="theory",
        basis="exact", group=setting.name,
    )  # fmt: skip


def _of_steps(study: Mirror, setting: Exponent, steps: Iterable[int]) -> Iterator[Series]:
    x, walks = np.array(steps, dtype=np.float64), study.walks(setting)
    shares = np.array([one.share(path, setting.p) for one, path in walks]).T  # (k, seeds)
    away = np.array([np.linalg.norm(_units(path) - _units(one.largest(setting.p)[1][None]), axis=1) for one, path in walks]).T
    wrong = np.flatnonzero((shares <= 0).any(axis=1))
    begin = int(wrong[-1]) + 1 if len(wrong) else 0  # before, a label is wrong
    yield summarised(f"mirror-margin/{setting.name}", setting.label, x[begin:], shares[begin:], DRAWN, group=setting.name)
    yield summarised(f"mirror-distance/{setting.name}", setting.label, x, away, DRAWN, group=setting.name)
    norms = study.norms
    reached = np.array([[float(one.share(path[-1], p)) for one, path in walks] for p in norms])
    yield summarised(f"mirror-norms/{setting.name}", setting.label, np.array(norms), reached, DRAWN, style="points", group=setting.name)
    sizes = _sorted(walks[0][1][-1])
    yield Series(f"mirror-weights/{setting.name}", setting.label, np.arange(1.0, len(sizes) + 1), sizes, group=setting.name)


def _sorted(w: Floats) -> Floats:
    """The sizes of weights (d,) over the largest, which comes first."""
    sizes = np.sort(np.abs(w))[::-1]
    return np.asarray(sizes / (sizes[0] or 1.0))


def _units(w: Floats) -> Floats:
    return np.asarray(w / np.linalg.norm(w, axis=-1, keepdims=True))
