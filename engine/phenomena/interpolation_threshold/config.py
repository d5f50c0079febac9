"""Knobs and presets of the interpolation threshold."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import model_validator

from engine.contract import Config, Preset, knob

MOST = 10  # d/n up to which features can be asked for

Spectrum: TypeAlias = Literal["isotropic", "power", "exponential"]
Entries: TypeAlias = Literal["gaussian", "rademacher"]


class InterpolationThresholdConfig(Config):
    """Knobs of the sweep."""

    n: int = knob(100, "training samples", ge=10, le=2000, log=True)
    d_max: float = knob(4.0, "largest number of features, as a multiple of n", ge=1.0, le=MOST, unit="n")
    sigma: float = knob(0.5, "deviation of the label noise", ge=0.0, le=3.0)
    r2: float = knob(1.0, "squared length of the true weights", ge=0.0, le=10.0)
    spectrum: Spectrum = knob("isotropic", "variances of the features: 1, 1/k or exp(-k/n)")
    draws: int = knob(50, "draws of the whole problem, pooled over the seeds", ge=1, le=1000, log=True)
    entries: Entries = knob("gaussian", "law of the entries of X: normal, or +1 and -1")
    d: float = knob(0.5, "features whose eigenvalues are shown, as a multiple of n", ge=0.05, le=MOST, unit="n", live=True, log=True)
    digits: bool = knob(False, "also sweep through the pixels of 100 real digits")

    @model_validator(mode="after")
    def _has_targets(self) -> InterpolationThresholdConfig:
        if self.sigma == 0 and self.r2 == 0:
            raise ValueError("sigma and r2 must not both be 0: without signal and noise every target is 0")
        return self

    @property
    def shown_d(self) -> int:
        """Features whose eigenvalues are shown."""
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
