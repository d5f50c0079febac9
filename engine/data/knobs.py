"""Knobs that take data sets: built-in and published ones, and what a person has imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.contract import Condition, knob
from engine.data import own
from engine.data.own.folder import present
from engine.data.published import PUBLISHED, require
from engine.errors import LabError, UsageError


@dataclass(frozen=True)
class DataOffer:
    """Built-in data sets, and imported ones of some kinds (engine.config.Offer).

    least: further knobs, n the first, with which the fewest rows are needed. scaled: how imported inputs are taken, where that is
    not as networks take them. tests: whether rows are kept for testing.
    """

    builtin: tuple[str, ...]
    kinds: tuple[own.Kind, ...]
    least: Mapping[str, Any] = field(default_factory=dict)
    scaled: str = ""
    tests: bool = True

    def names(self) -> tuple[str, ...]:
        """The imported data sets of these kinds."""
        found = [entry for entry in own.entries() if isinstance(entry, own.Entry) and entry.kind in self.kinds]
        return tuple(entry.name for entry in found if entry.name not in self.builtin)

    def content(self, name: str, wanted: str = "") -> str:
        """Return the SHA-256 of an imported data set.

        Raises:
            DataError: it is gone, or has another content than the one that is wanted.
        """
        return present(name, wanted).sha256

    def require(self, name: str) -> None:
        """Refuse a published data set that is not here.

        Raises:
            DataError: it is not.
        """
        if name in PUBLISHED:
            require(PUBLISHED[name])

    def advice(self, name: str) -> str:
        """What to do about a name that is not taken."""
        try:
            entry = own.find(name)
        except LabError as error:
            return error.hint if isinstance(error, UsageError) else f"{error.message}; {error.hint}"
        return f"{entry.name} was imported as {entry.kind}, and this takes {' and '.join(self.kinds) or 'none'}"


def data_knob(
    default: str, text: str, *, builtin: Sequence[str], kinds: Sequence[own.Kind] = ("classes",), label: str = "",
    least: Mapping[str, Any] | None = None, scaled: str = "", tests: bool = True, needs: Sequence[Condition] = (),
) -> Any:  # fmt: skip
    """Declare a knob that takes built-in data sets and imported ones of these kinds (see `DataOffer`, `engine.config.content_of`)."""
    return knob(default, text, label=label, offer=DataOffer(tuple(builtin), tuple(kinds), dict(least or {}), scaled, tests), needs=needs)


def built_in(name: str, builtin: Sequence[str], words: str = "built-in data") -> Condition:
    """The condition that a knob names no imported data set: `built-in data`."""
    return Condition(words, lambda config: getattr(config, name) in builtin)
