"""What a study beside the nested features is to a run: its draws, what is measured, drawn and stored of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.data.spectrum import own_spectrum
from engine.headline import Known
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.state import Draws
from engine.theory.inputs import Floats


class Study(Protocol):
    """A study whose steps are its draws.

    Attributes:
        draws: what was drawn, a row a draw. notes: what cannot be seen in the figures.
    """

    draws: Draws
    notes: tuple[str, ...]

    def pieces(self) -> Iterator[None]:
        """Draw what is missing, a piece at a time; a draw that was cut short is drawn again."""

    def measured(self) -> dict[str, Any]:
        """Return the record of the present step."""

    def series(self) -> Iterable[Series]:
        """Every curve, theory and draws."""

    def pictures(self) -> tuple[Picture, ...]:
        """The pictures of this study."""

    def markers(self) -> Iterable[Marker]:
        """Constants and thresholds."""

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What notebooks read."""


def own_eigenvalues(config: DoubleDescentConfig, most: int) -> tuple[Floats, str]:
    """Return the first of the imported eigenvalues, at most so many, and what is to be said of them; only their ratios are used."""
    given = own_spectrum(config.spectrum, config.spectrum_sha256)
    there = given.eigenvalues.size
    zero = f", {given.zeros:,} of 0 left out" if given.zeros else ""
    cut = f", the first {most:,} of them taken" if there > most else ""
    signal = "; its own signal is not used, since weights are drawn" if given.target is not None else ""
    return given.eigenvalues[
        :most
    ], f"{given.name}: {there:,} eigenvalues above 0, largest first{cut}{zero}, of which only ratios count{signal}"


def by_seed(values: Floats, seeds: int) -> list[Floats]:
    """Return the draws (draws, ...) of each seed, which take turns; none of a seed that has none yet."""
    return [np.asarray(values[place::seeds]) for place in range(seeds)]
