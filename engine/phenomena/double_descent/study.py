"""What a study beside the nested features is to a run: its draws, what is measured, drawn and stored of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.data.spectrum import own_spectrum
from engine.headline import Known
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.model import Whole
from engine.phenomenon import geometric_grid
from engine.state import Draws, Stateful
from engine.theory.inputs import Floats

PER_DECADE = 10
"""Measurements of a study."""


class Study(ABC):
    """A study.

    Attributes:
        unit: what its steps are. notes: what cannot be seen in the figures.
    """

    unit: str = "draw"
    notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def total(self) -> int:
        """The last step."""

    @property
    @abstractmethod
    def step(self) -> int:
        """How far the work is."""

    @property
    def grid(self) -> Whole:
        """The steps at which something is measured."""
        return geometric_grid(self.total, PER_DECADE)

    @property
    def complete(self) -> bool:
        """Whether all is there that no measurement waits for."""
        return True

    @abstractmethod
    def pieces(self) -> Iterator[None]:
        """Do what is missing, a piece at a time; begun anew after a restore."""

    @abstractmethod
    def measured(self) -> dict[str, Any]:
        """Return the record of the present step."""

    @abstractmethod
    def series(self) -> Iterable[Series]:
        """Every curve, theory and draws."""

    def pictures(self) -> tuple[Picture, ...]:
        """The pictures of this study."""
        return ()

    @abstractmethod
    def markers(self) -> Iterable[Marker]:
        """Constants and thresholds."""

    @abstractmethod
    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What notebooks read."""

    @abstractmethod
    def parts(self) -> Mapping[str, Stateful]:
        """What has a state, by name."""


class DrawnStudy(Study):
    """A study whose steps are its draws; a draw that was cut short is drawn again.

    Attributes:
        draws: what was drawn, a row a draw.
    """

    draws: Draws

    @property
    def total(self) -> int:
        """All draws."""
        return self.draws.count

    @property
    def step(self) -> int:
        """Draws so far."""
        return self.draws.done

    def parts(self) -> Mapping[str, Stateful]:
        """The draws."""
        return {"draws": self.draws}


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
