"""Knobs and presets of max-margin."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Condition, Config, Preset, content_of, knob, one_of
from engine.data import own
from engine.data.knobs import data_knob

BUILT_IN = ("four-point", "soudry", "gauss", "mnist1d")
DESCENT, ASYMPTOTICS = one_of("study", "descent"), one_of("study", "asymptotics")
DRAWN_POINTS = Condition(
    "data gauss or mnist1d, or study asymptotics", lambda config: config.study == "asymptotics" or config.data in ("gauss", "mnist1d")
)
MOST_POINTS = 500  # of descent
MOST_ROWS, MOST_NUMBERS = 2000, 200_000  # of imported points: each step goes through all of them


class MaxMarginConfig(Config):
    """Knobs of the separable problem and of what walks on it."""

    study: Literal["descent", "asymptotics"] = knob(
        "descent", "where optimisers go on given points, or what the max margin is of noisy labels as n and d grow alike"
    )
    data: str = data_knob(
        "four-point", "points: four, 16 of equal duals, Gaussian, digits 0 and 1, or your own of two classes: genlab data import",
        builtin=BUILT_IN, scaled="points as they were given", tests=False, needs=(DESCENT,),
    )  # fmt: skip
    data_sha256: str = content_of("data")
    n: int = knob(40, "points of gauss and mnist1d (to 500), or of a draw of asymptotics", ge=4, le=1000, log=True, needs=(DRAWN_POINTS,))
    d: int = knob(10, "features of gauss", ge=2, le=50, log=True, needs=(one_of("data", "gauss"), DESCENT))
    eta: float = knob(
        0.5, "step size of gradient descent and momentum", ge=0.0, le=1.0, unit="of 8/s_max^2", label="step size", needs=(DESCENT,)
    )
    decades: int = knob(59, "how far the flow is followed: to s = 10^decades", ge=3, le=59, unit="decades", needs=(DESCENT,))
    gd_steps: int = knob(
        200_000, "true steps of gradient descent; the other optimisers make a tenth", ge=0, le=10_000_000, log=True, needs=(DESCENT,)
    )
    optimiser: Literal["gd", "momentum", "normalised", "sign", "coordinate", "adam"] = knob(
        "gd", "whose true steps lie beneath the flow and turn in the picture", live=True, needs=(DESCENT,)
    )
    adam_eps: float = knob(
        0.0, "Adam's eps: 0 leads to l_inf, more eventually to l2", ge=0.0, le=0.001, label="Adam's eps", needs=(DESCENT,)
    )
    bias: bool = knob(False, "append a constant to every point: its weight is the bias, and counts in the norm", needs=(DESCENT,))
    flips: int = knob(0, "labels turned round; too many, and nothing separates the data", ge=0, le=500, needs=(DESCENT,))
    r: float = knob(4.0, "signal: a label is +1 with probability sigmoid(r x_1)", ge=0.0, le=20.0, label="signal r", needs=(ASYMPTOTICS,))
    psi: tuple[float, ...] = knob(
        (0.1, 0.5, 1.0, 2.0, 5.0), "features over points, d/n, of each draw's fits", ge=0.02, le=10.0, needs=(ASYMPTOTICS,)
    )
    draws: int = knob(40, "draws of noisy labels, pooled over the seeds", ge=1, le=1000, log=True, needs=(ASYMPTOTICS,))

    @model_validator(mode="after")
    def _enough_points(self) -> MaxMarginConfig:
        if self.study == "asymptotics":
            return self
        if self.n > MOST_POINTS:
            raise ValueError(f"n must be at most {MOST_POINTS} with study descent, got {self.n}")
        own_points = self.own
        if own_points is not None:
            _check(own_points)
        size = {"four-point": 4, "soudry": 16}.get(self.data, self.n) if own_points is None else own_points.rows
        if self.flips > size:
            raise ValueError(f"flips must be at most the {size} points of {self.data}, got {self.flips}")
        return self

    @property
    def own(self) -> own.Entry | None:
        """The imported points; None of built-in ones."""
        return None if self.data in BUILT_IN else own.find(self.data)


def _check(points: own.Entry) -> None:
    """Refuse imported points that are not of two classes, or too many."""
    if len(points.classes) != 2:
        some = ", ".join(points.classes[:4]) + (", ..." if len(points.classes) > 4 else "")
        raise ValueError(f"a margin lies between two classes, and {points.name} has {len(points.classes)}: {some}")
    if points.rows > MOST_ROWS or points.rows * points.features > MOST_NUMBERS:
        held = f"{points.rows:,} rows of {points.features:,} features"
        raise ValueError(f"max margin takes up to {MOST_ROWS:,} rows and {MOST_NUMBERS:,} numbers in all, and {points.name} has {held}")


PRESETS = (
    Preset("quick", "the four points, 200,000 true steps; Soudry's set and Gaussian data beside them", {}, "arXiv:1710.10345, Theorem 5"),
    Preset(
        "standard", "Gaussian data of three seeds, 1,000,000 true steps, 100,000 of every other optimiser",
        {"data": "gauss", "gd_steps": 1_000_000}, "arXiv:1710.10345; arXiv:1802.08246", seeds=3,
    ),
    Preset(
        "soudry-fig1", "the paper's figure: equal duals, step 1/s_max^2 (momentum .9 among the optimisers)",
        {"data": "soudry", "eta": 0.125}, "arXiv:1710.10345, Fig. 1",
    ),
    Preset(
        "asymptotics", "noisy labels, n = 200, d to 5 n: where they are separable, the margin and the error by theory and in draws",
        {"study": "asymptotics", "n": 200}, "arXiv:1804.09753; arXiv:1911.01544; arXiv:1911.05822",
    ),
)  # fmt: skip
