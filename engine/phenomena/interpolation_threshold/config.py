"""Knobs and presets of the interpolation threshold."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import model_validator

from engine.contract import Config, Preset, content_of, knob
from engine.data import own
from engine.data.knobs import data_knob
from engine.data.regression import DRAWN, NONE, OWN, Order, columns, entry_of, refusal, rows_knob
from engine.data.spectrum import NO_OWN_SIGNAL

MOST = 10  # d/n up to which features can be asked for

SPECTRA, FEWEST = ("isotropic", "power", "exponential"), 10
Entries: TypeAlias = Literal["gaussian", "rademacher"]


class InterpolationThresholdConfig(Config):
    """Knobs of the sweep."""

    n: int = knob(100, "training samples", ge=FEWEST, le=2000, log=True)
    d_max: float = knob(4.0, "largest number of features, as a multiple of n", ge=1.0, le=MOST, unit="n")
    sigma: float = knob(0.5, "deviation of the label noise", ge=0.0, le=3.0, needs=(DRAWN,))
    r2: float = knob(1.0, "squared length of the true weights", ge=0.0, le=10.0, needs=(DRAWN, NO_OWN_SIGNAL))
    spectrum: str = data_knob(
        "isotropic", "variances of the features: 1, 1/k, exp(-k/n), or your own eigenvalues, perhaps with a signal: genlab data import",
        builtin=SPECTRA, kinds=("spectrum",), least={"n": FEWEST},
    )  # fmt: skip
    spectrum_sha256: str = content_of("spectrum")
    dataset: str = rows_knob(n=FEWEST)
    dataset_sha256: str = content_of("dataset")
    order: Order = knob("given", "features of your own rows in their own order, or in one drawn anew every draw", needs=(OWN,))
    draws: int = knob(50, "draws of the whole problem, pooled over the seeds", ge=1, le=1000, log=True)
    entries: Entries = knob("gaussian", "law of the entries of X: normal, or +1 and -1", needs=(DRAWN,))
    d: float = knob(0.5, "features whose eigenvalues are shown, as a multiple of n", ge=0.05, le=MOST, unit="n", live=True, log=True)
    digits: bool = knob(False, "also sweep through the pixels of 100 real digits")

    @model_validator(mode="after")
    def _has_targets(self) -> InterpolationThresholdConfig:
        if self.sigma == 0 and self.r2 == 0:
            raise ValueError("sigma and r2 must not both be 0: without signal and noise every target is 0")
        return self

    @model_validator(mode="after")
    def _reaches_the_threshold(self) -> InterpolationThresholdConfig:
        rows = entry_of(self.dataset)
        if rows is not None:
            if self.spectrum != "isotropic":
                raise ValueError(f"dataset {self.dataset} has features of its own: leave spectrum at isotropic, got {self.spectrum}")
            why = refusal(rows, self.n, FEWEST)
            if why:
                raise ValueError(why)
        if self.own_spectrum:
            held = own.find(self.spectrum).rows
            if held < self.n:
                raise ValueError(f"n must be at most {held:,}, the eigenvalues of {self.spectrum}, for d = n to be reached, got {self.n}")
        return self

    @property
    def own_rows(self) -> bool:
        """Whether rows were imported."""
        return self.dataset != NONE

    @property
    def own_spectrum(self) -> bool:
        """Whether eigenvalues were imported."""
        return self.spectrum not in SPECTRA

    def most_features(self) -> int | None:
        """Return how many features imported rows have, with their constant; None where there is no end before `MOST` n."""
        rows = entry_of(self.dataset)
        return None if rows is None else min(columns(rows), MOST * self.n)

    @property
    def most(self) -> int:
        """Features that there are: of imported rows, above 0 or not of imported eigenvalues, or `MOST` n that are drawn."""
        held = own.find(self.spectrum).rows if self.own_spectrum else MOST * self.n
        return min(self.most_features() or held, MOST * self.n)

    @property
    def shown_d(self) -> int:
        """Features whose eigenvalues are asked for."""
        return max(2, round(self.d * self.n))


PRESETS = (
    Preset("quick", "n = 100, Gaussian features, 50 draws", {}, "arXiv:1903.07571"),
    Preset(
        "standard",
        "n = 400, 200 draws of three seeds, and the pixels of real digits",
        {"n": 400, "draws": 200, "digits": True},
        "arXiv:1903.07571; digits as in arXiv:1812.11118",
        seeds=3,
    ),
)
