"""Imported eigenvalues of a covariance, at their own scale, perhaps with the coefficients of a signal along them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.contract import Condition
from engine.data import own
from engine.theory.inputs import Floats

NO_OWN_SIGNAL = Condition("no signal beside your own eigenvalues", lambda config: not _has_signal(config))


def _has_signal(config: Any) -> bool:
    """Whether the spectrum of a config was imported with a signal."""
    return bool(config.own_spectrum) and own.find(config.spectrum).signal


@dataclass(frozen=True)
class OwnSpectrum:
    """An imported spectrum. eigenvalues: (p,) those above 0, largest first; target: (p,) coefficients along them, if it has a signal."""

    name: str
    sha256: str
    eigenvalues: Floats
    target: Floats | None
    zeros: int


@lru_cache(maxsize=4)
def own_spectrum(name: str, sha256: str) -> OwnSpectrum:
    """Return an imported spectrum without the directions of eigenvalue 0, which carry no data.

    Raises:
        DataError: it is gone, or has another content.
    """
    data = own.load(name, sha256)
    assert data.eigenvalues is not None  # of a spectrum
    there = data.eigenvalues > 0
    signal = None if data.signal is None else data.signal[there]
    return OwnSpectrum(name, sha256, data.eigenvalues[there], signal, int((~there).sum()))
