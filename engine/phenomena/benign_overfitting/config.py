"""Knobs and presets of benign overfitting."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import model_validator

from engine.contract import Config, Preset, content_of, knob, one_of
from engine.data import own
from engine.data.knobs import data_knob
from engine.theory.spectra.spectra import Family

NONE = "none"
MOST_EIGENVALUES = 200_000
REGRESSION, CLASSIFICATION = one_of("task", "regression"), one_of("task", "classification")
Task = Literal["regression", "classification"]


class BenignOverfittingConfig(Config):
    """Knobs of the three families and of the one beside them."""

    task: Task = knob("regression", "interpolate noisy values, or labels of two classes")
    family: Family = knob(
        "exp-eps", "family whose ranks are printed (exp-eps: exp+eps in figures); log and isotropic are drawn beside the other three",
        needs=(REGRESSION,)
    )  # fmt: skip
    spectrum: str = data_knob(
        NONE, "your own eigenvalues, perhaps with a signal, judged and drawn beside the families: genlab data import", builtin=(NONE,),
        kinds=("spectrum",), least={"n": (20,)}, needs=(REGRESSION,),
    )  # fmt: skip
    spectrum_sha256: str = content_of("spectrum")
    tau: float = knob(5.0, "decay length of the exponential heads", ge=1.0, le=20.0, needs=(REGRESSION,))
    a: float = knob(2.0, "exponent of the power law beside 2 and 3", ge=1.1, le=4.0, needs=(REGRESSION,))
    n: tuple[int, ...] = knob((50, 100, 200, 400), "sample sizes", ge=20, le=3200)
    sigma: float = knob(1.0, "deviation of the label noise", ge=0.0, le=2.0, needs=(REGRESSION,))
    signal: float = knob(0.0, "variance of the true function", ge=0.0, le=5.0, needs=(REGRESSION,))
    ridge: float = knob(0.0, "ridge on X^T X; only 0 interpolates", ge=-1.0, le=100.0, needs=(REGRESSION,))
    b: float = knob(1.0, "constant in k*: the first k with r_k >= b n", ge=0.1, le=10.0, needs=(REGRESSION,))
    draws: int = knob(20, "draws of every problem, pooled over the seeds", ge=1, le=500, log=True)
    digits: bool = knob(False, "also interpolate noise with a kernel on real digits", needs=(REGRESSION,))
    c: tuple[float, ...] = knob(
        (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0), "d/(n ln n) of d isotropic features, whose support vectors are counted", ge=0.3, le=6.0,
        needs=(CLASSIFICATION,),
    )  # fmt: skip
    p: float = knob(2.0, "bi-level features: d = n^p in all", ge=1.0, le=3.0, label="p", needs=(CLASSIFICATION,))
    r: float = knob(0.5, "of which n^r are strong, and only the first tells the class", ge=0.0, le=1.0, label="r", needs=(CLASSIFICATION,))
    q: tuple[float, ...] = knob(
        (0.25, 0.75, 1.25), "share n^-q of the variance that the strong ones have, up to p - r", ge=0.05, le=3.0, label="q",
        needs=(CLASSIFICATION,),
    )  # fmt: skip
    flip: float = knob(0.1, "share of flipped training labels", ge=0.0, le=0.5, needs=(CLASSIFICATION,))

    @model_validator(mode="after")
    def _has_risk(self) -> BenignOverfittingConfig:
        if self.task == "regression" and self.sigma == 0 and self.signal == 0:
            raise ValueError("sigma and signal must not both be 0: without noise and signal every risk is 0")
        return self

    @model_validator(mode="after")
    def _has_room(self) -> BenignOverfittingConfig:
        entry = self.own if self.task == "regression" else None
        if entry is not None and entry.rows > MOST_EIGENVALUES:
            raise ValueError(f"up to {MOST_EIGENVALUES:,} eigenvalues are taken, and {entry.name} has {entry.rows:,}")
        if entry is not None and entry.rows <= min(self.n):
            held = f"{entry.name} has {entry.rows:,} eigenvalues"
            raise ValueError(f"{held}, and interpolation needs more of them than samples: the least n is {min(self.n)}, got n={self.n}")
        return self

    @model_validator(mode="after")
    def _has_ensembles(self) -> BenignOverfittingConfig:
        if self.task == "regression":
            return self
        n = min(self.n)
        if round(min(self.c) * n * math.log(n)) < n:
            least = 1 / math.log(n)
            raise ValueError(
                f"c must be at least 1/ln n = {least:.3g} at n={n}, got {min(self.c):g}: n points need d = c n ln n >= n features"
            )
        if round(n**self.p) <= n:
            raise ValueError(f"p must be above 1, got {self.p:g}: at n={n} the fit needs more than n features, d = n^p")
        if max(self.q) > self.p - self.r + 1e-9:
            weak = "beyond it strong features would be the weak ones"
            raise ValueError(f"q must be at most p - r = {self.p - self.r:.4g}, got {max(self.q):g}: {weak}")
        return self

    @property
    def imported(self) -> bool:
        """Whether an imported spectrum is drawn."""
        return self.task == "regression" and self.spectrum != NONE

    @property
    def own(self) -> own.Entry | None:
        """The imported spectrum; None without one."""
        return None if self.spectrum == NONE else own.find(self.spectrum)


PRESETS = (
    Preset("quick", "three families, n to 400, 20 draws", {}, "arXiv:1906.11300, Theorem 6; arXiv:2207.06569, Table 1"),
    Preset(
        "standard", "n to 1600, a signal, and a kernel on real digits",
        {"n": (50, 100, 200, 400, 800, 1600), "signal": 1.0, "digits": True},
        "arXiv:1906.11300, Theorem 6; arXiv:2207.06569",
    ),
    Preset("theorem-6", "both families of the theorem: the log family looks tempered at any laptop's size",
           {"family": "log", "n": (50, 100, 200, 400, 800)}, "arXiv:1906.11300, Theorem 6"),
    Preset("classification", "labels of two classes: when every point is a support vector, and classifiers benign where regression is not",
           {"task": "classification", "draws": 100}, "arXiv:2005.08054; arXiv:2009.10670",
           question="When does an interpolator classify well, though it regresses badly?"),
)  # fmt: skip
