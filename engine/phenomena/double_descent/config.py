"""The knobs and presets of double descent: the nested least-squares problem and its two companions."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Condition, Config, Preset, content_of, knob, one_of
from engine.data import own
from engine.data.knobs import data_knob
from engine.data.regression import DRAWN, NONE, OWN, Order, columns, entry_of, refusal, rows_knob
from engine.data.spectrum import NO_OWN_SIGNAL

Profile = Literal["flat", "head", "well-specified"]

SPECTRA, FEWEST = ("isotropic", "power"), 20
MOST_FEATURES = 10  # D over n
FEWEST_DIGITS = 50
DRAWN_SIGNAL = (DRAWN, one_of("features", "identity"), NO_OWN_SIGNAL)
ANY_DIGITS = Condition("digits above 0, or features fourier", lambda config: config.digits > 0 or config.features == "fourier")
ON_DIGITS = Condition("digits above 0", lambda config: config.digits > 0)


class DoubleDescentConfig(Config):
    """Knobs of the nested least-squares problem and of its two companions."""

    n: int = knob(200, "training samples", ge=FEWEST, le=1000, log=True)
    D: int = knob(1000, "features, from n to 10n; of your own data at most so many", ge=20, le=10000, log=True, label="D")
    sigma: float = knob(0.5, "standard deviation of the label noise", ge=0.0, le=2.0)
    r2: float = knob(1.0, "signal |b|^2", ge=0.0, le=10.0, label="r2")
    features: Literal["identity", "relu", "fourier"] = knob(
        "identity", "Gaussian inputs, random ReLU features, or random Fourier features of digits"
    )
    profile: Profile = knob("head", "signal on all features alike, partly on the first, or all on those fitted", needs=DRAWN_SIGNAL)
    head_k: int = knob(
        10, "first features that share the head's part of the signal, at most n/2", ge=1, le=500, log=True, needs=DRAWN_SIGNAL
    )
    head_share: float = knob(0.15, "part of the signal on the head", ge=0.0, le=1.0, needs=DRAWN_SIGNAL)
    spectrum: str = data_knob(
        "isotropic", "variances of Gaussian features: alike, falling like k^-decay, or your own, perhaps with a signal: genlab data import",
        builtin=SPECTRA, kinds=("spectrum",), least={"n": FEWEST},
    )  # fmt: skip
    spectrum_sha256: str = content_of("spectrum")
    dataset: str = rows_knob(n=FEWEST)
    dataset_sha256: str = content_of("dataset")
    order: Order = knob("given", "features of your own rows in their own order, or in one drawn anew every draw", needs=(OWN,))
    decay: float = knob(1.0, "exponent of the power-law spectrum", ge=0.0, le=2.0, needs=(one_of("spectrum", "power"),))
    ridge: float = knob(0.0, "penalty lam of |Xw-y|^2 + lam |w|^2; 0 is minimum norm", ge=0.0, le=1e4, log=True)
    tuned: bool = knob(False, "take the best ridge at every p instead")
    draws: int = knob(20, "draws of the problem", ge=1, le=500, log=True, unit="draws per seed")
    d: int = knob(60, "dimensions of the inputs of ReLU features", ge=5, le=1000, log=True, label="d", needs=(one_of("features", "relu"),))
    noise: float = knob(0.0, "probability that a digit's label is replaced by a random one", ge=0.0, le=1.0, needs=(ANY_DIGITS,))
    relu_draws: int = knob(5, "draws of the random-feature companion (n=180, d=60); 0 leaves it out", ge=0, le=100, log=True)
    digits: int = knob(500, "training images of the digit companion; 0 leaves it out", ge=0, le=2500, log=True)
    digit_features: int = knob(6000, "most random Fourier features of the digit companion", ge=100, le=12000, log=True, needs=(ON_DIGITS,))

    @model_validator(mode="after")
    def _has_a_solution(self) -> DoubleDescentConfig:
        limited = self.own_rows or self.own_spectrum
        if not limited and not self.n <= self.D <= MOST_FEATURES * self.n:
            raise ValueError(f"D must be between n={self.n} and {MOST_FEATURES}n={MOST_FEATURES * self.n}, got {self.D}")
        if self.head_k > self.n // 2:
            raise ValueError(f"head k must be at most n/2={self.n // 2}, got {self.head_k}")
        if self.sigma == 0 and self.r2 == 0:
            raise ValueError("sigma and r2 are both 0: without noise and signal there is nothing to fit; raise one of them")
        if 0 < self.digits < FEWEST_DIGITS:
            raise ValueError(f"digits must be 0 or at least {FEWEST_DIGITS}, got {self.digits}")
        if self.digits and self.digit_features <= self.digits:
            raise ValueError(f"digit features must exceed digits={self.digits} to pass the threshold, got {self.digit_features}")
        return self

    @model_validator(mode="after")
    def _reaches_the_threshold(self) -> DoubleDescentConfig:
        named = self.dataset if self.own_rows else self.spectrum
        if (self.own_rows or self.own_spectrum) and self.features != "identity":
            raise ValueError(f"{named} has features of its own: leave features at identity, got {self.features}")
        if self.own_rows and self.spectrum != "isotropic":
            raise ValueError(f"dataset {self.dataset} has features of its own: leave spectrum at isotropic, got {self.spectrum}")
        rows = entry_of(self.dataset)
        why = "" if rows is None else refusal(rows, self.n, FEWEST)
        if why:
            raise ValueError(why)
        if (self.own_rows or self.own_spectrum) and self.n > self.most:
            held = columns(rows) if rows is not None else own.find(self.spectrum).rows
            raise ValueError(f"n must be at most {self.most:,}, the smaller of D={self.D:,} and what {named} has, {held:,}, got {self.n}")
        return self

    @property
    def own_rows(self) -> bool:
        """Whether rows were imported."""
        return self.dataset != NONE

    @property
    def own_spectrum(self) -> bool:
        """Whether eigenvalues were imported."""
        return self.spectrum not in SPECTRA

    @property
    def most(self) -> int:
        """Features: D, or what imported rows (with their constant) or eigenvalues have, at most 10 n of them."""
        rows, limit = entry_of(self.dataset), MOST_FEATURES * self.n
        if rows is not None:
            return min(self.D, columns(rows), limit)
        return min(self.D, own.find(self.spectrum).rows, limit) if self.own_spectrum else self.D


ALONE = {"relu_draws": 0, "digits": 0}
PRESETS = (
    Preset(
        "quick", "a second valley below the first: misspecified Gaussian features, 20 draws, and one curve on 500 real digits",
        {}, "arXiv:1903.07571, with a head; arXiv:1812.11118 on 5,000 MNIST digits",
    ),
    Preset(
        "standard", "three seeds of 100 draws, Mei-Montanari, 1,000 real digits",
        {"draws": 100, "relu_draws": 10, "digits": 1000, "digit_features": 5000},
        "arXiv:1903.07571, arXiv:1908.05355, arXiv:1812.11118", seeds=3,
    ),
    Preset(
        "bhx-random-selection", "the paper's own size: no first valley, because no feature matters more than another",
        {"n": 40, "D": 100, "sigma": 0.2, "profile": "flat", "draws": 100, **ALONE}, "arXiv:1903.07571, Fig. 1 (unverified figure)",
    ),
    Preset(
        "hastie-isotropic", "well-specified, SNR 5: beyond the threshold a minimum, then the risk climbs to r2",
        {"D": 2000, "sigma": 1.0, "r2": 5.0, "profile": "well-specified", **ALONE}, "arXiv:1903.08560, Fig. 2 (unverified figure)",
    ),
    Preset(
        "mei-montanari", "random ReLU features without noise, n/d = 3",
        {"features": "relu", "n": 300, "d": 100, "D": 3000, "sigma": 0.0, "draws": 10, **ALONE},
        "arXiv:1908.05355, Fig. 1 (unverified figure)",
    ),
    Preset(
        "anisotropic", "variances that fall like 1/k: the deterministic equivalent over simulation",
        {"spectrum": "power", **ALONE}, "arXiv:1903.08560, Section 5",
    ),
    Preset(
        "noisy-digits", "random Fourier features of digits with a fifth of the labels replaced, min-norm beside the best ridge",
        {"features": "fourier", "n": 500, "D": 3000, "noise": 0.2, "draws": 5, **ALONE}, "arXiv:1812.11118, with label noise",
    ),
)  # fmt: skip
