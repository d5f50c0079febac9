"""What a study of max margin other than descent offers the run that holds it: its work, what is measured, what is shown and kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.headline import Known
from engine.readings import Network
from engine.state import Stateful


class Study(ABC):
    """A study.

    Attributes:
        unit: what its steps are; total: the last; grid: (k,) those at which something is measured; step: how far the work is.
        networks: what per-network quantities are indexed by; notes: what cannot be seen in the figures.
    """

    unit: str = "step"
    total: int
    grid: NDArray[np.int64]
    step: int = 0
    networks: Sequence[Network[Any]] = ()
    notes: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether all that the measurement of the present step needs is there."""
        return True

    @property
    def complete(self) -> bool:
        """Whether all is there that no measurement waits for."""
        return True

    @abstractmethod
    def pieces(self) -> Iterator[None]:
        """Do piece after piece of what is left, setting `step`; begun anew after a restore."""

    @abstractmethod
    def measure(self) -> dict[str, Any]:
        """Return the record of the present step."""

    @abstractmethod
    def curves(self) -> Iterable[Series]:
        """Every curve, as far as the work is."""

    def markers(self) -> Iterable[Marker]:
        """Events and constant lines."""
        return ()

    def pictures(self) -> Iterable[Picture]:
        """The pictures, as they are now."""
        return ()

    @abstractmethod
    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The problem and its solution, for notebooks."""

    @abstractmethod
    def parts(self) -> Mapping[str, Stateful]:
        """What has a state, by name."""
