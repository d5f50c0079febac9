"""From knobs to models: what the main curve is made of, its ridges, and the two companions at sizes of their own."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np

from engine.phenomena.double_descent.curves import Ridges
from engine.phenomena.double_descent.digits import DATASET, TESTS, Digits
from engine.phenomena.double_descent.gaussian import Anisotropic, Isotropic, weights
from engine.phenomena.double_descent.model import SMALL, Model, coarse
from engine.phenomena.double_descent.profiles import Profile
from engine.phenomena.double_descent.relu import Relu
from engine.theory.spectra.spectra import power

COMPANION_N, COMPANION_FEATURES, COMPANION_D, COMPANION_TESTS = 180, 1200, 60, 1000
"""The size at which Mei and Montanari's limit is checked: n/d = 3, N/d to 20."""

MAIN_TESTS = 500
"""Test points of a main curve that needs them."""

PROFILES: tuple[Profile, ...] = ("head", "flat", "well-specified")
"""Order of `Isotropic.others`."""


class Knobs(Protocol):
    """What is read of the knobs; see the phenomenon for their meaning."""

    n: int
    D: int
    d: int
    sigma: float
    r2: float
    profile: Profile
    head_k: int
    head_share: float
    spectrum: Literal["isotropic", "power"]
    decay: float
    ridge: float
    features: Literal["identity", "relu", "fourier"]
    noise: float
    digits: int
    digit_features: int


def main_model(knobs: Knobs) -> Model:
    """Return the model of the main curve."""
    n, D = knobs.n, knobs.D
    if knobs.features == "relu":
        return Relu(n, D, knobs.d, knobs.sigma, knobs.r2, MAIN_TESTS)
    if knobs.features == "fourier":
        return Digits(n, D, knobs.noise, MAIN_TESTS)
    b = {profile: weights(profile, D, knobs.r2, knobs.head_k, knobs.head_share) for profile in PROFILES}
    if knobs.spectrum == "power":
        eigenvalues = power(D, knobs.decay)
        return Anisotropic(n, b[knobs.profile], knobs.sigma, eigenvalues * D / eigenvalues.sum())
    return Isotropic(n, b[knobs.profile], knobs.sigma, np.column_stack(list(b.values())))


def ridges_of(model: Model, ridge: float) -> Ridges:
    """Return the ridges of a run: the knob's (or a small one where it is 0) and the best, on a coarse grid of p."""
    count = 24 if isinstance(model, Isotropic | Anisotropic) else 16
    p = coarse(model.n, model.D, count)
    return Ridges(p, ridge or SMALL * model.n, model.ladder(p))


def relu_companion(knobs: Knobs) -> Relu:
    """Return the random-feature model of the companion curve; noise and signal are those of the knobs."""
    return Relu(COMPANION_N, COMPANION_FEATURES, COMPANION_D, knobs.sigma, knobs.r2, COMPANION_TESTS)


def digit_companion(knobs: Knobs) -> Digits | None:
    """Return the model of the curve on real digits; None where the knobs leave it out."""
    return Digits(knobs.digits, knobs.digit_features, knobs.noise, TESTS) if knobs.digits else None


__all__ = ["DATASET", "PROFILES", "Knobs", "digit_companion", "main_model", "relu_companion", "ridges_of"]
