"""What a formula needs of its arguments, refused with a sentence that names the condition and the value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ProblemError
from engine.theory.inputs import Floats, require

__all__ = ["Floats", "number", "numbers", "ratio", "require", "spectrum_of"]


def numbers(name: str, values: ArrayLike, *, least: float = -np.inf, above: float = -np.inf) -> Floats:
    """Return `values` as float64, each finite, at least `least` and greater than `above`.

    Raises:
        ProblemError: names the first value that is not.
    """
    array = np.asarray(values, dtype=np.float64)
    bound = f" at least {least:g}" if least > -np.inf else f" greater than {above:g}" if above > -np.inf else " finite"
    wrong = ~np.isfinite(array) | (array < least) | (array <= above)
    if wrong.any():
        raise ProblemError(f"{name} must be{bound}, got {float(array[wrong].flat[0]):g}")
    return array


def number(name: str, value: float, *, least: float = -np.inf, above: float = -np.inf) -> float:
    """Return one value, checked as `numbers` checks many."""
    return float(numbers(name, value, least=least, above=above))


def spectrum_of(values: ArrayLike) -> Floats:
    """Return covariance eigenvalues, (p,), checked: finite, positive, largest first.

    Raises:
        ProblemError: the spectrum is empty, has a zero or negative eigenvalue, or is not in falling order.
    """
    eigenvalues = np.atleast_1d(np.asarray(values, dtype=np.float64))
    require(eigenvalues.ndim == 1 and eigenvalues.size > 0, f"a spectrum is a list of eigenvalues, got shape {eigenvalues.shape}")
    bad = ~(np.isfinite(eigenvalues) & (eigenvalues > 0))
    if bad.any():
        sentence = (
            f"every eigenvalue of the covariance must be positive, got {float(eigenvalues[bad][-1]):g} ({int(bad.sum())} of {bad.size})"
        )
        raise ProblemError(sentence, "Leave such directions out: they carry no data.")
    rises = np.flatnonzero(np.diff(eigenvalues) > 0)
    if rises.size:
        pair = f"{eigenvalues[rises[0]]:g} before {eigenvalues[rises[0] + 1]:g}"
        raise ProblemError(f"eigenvalues must come largest first, got {pair}", "Sort them, and the coefficients with them.")
    return eigenvalues


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Return numerator / denominator, infinite where the denominator is not positive, and 0 where the numerator is 0."""
    top, bottom = np.broadcast_arrays(np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64))
    quotient = np.full(top.shape, np.inf)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return np.where(top == 0, 0.0, quotient)
