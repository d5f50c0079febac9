"""Colours, glyphs and colour levels: a group (a condition, an optimiser) has one colour and one marker, alike in every figure.

Colours are numbers of the terminal's 256, from the tables of the theme (`shades`); their codes are half as long as those of
24-bit colours. Without colour, curves are told apart by their glyphs. Text is brought to what the terminal can write: one column
per character, no control characters, and only ASCII where that is asked for.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from engine.contract import Series, Snapshot
from screens.widgets.shades import DARK, DARK16, LIGHT, LIGHT16, Shades

Density = Literal["compact", "normal", "roomy"]


class Level(IntEnum):
    """How many colours may be written."""

    NONE = 0
    ANSI16 = 16
    ANSI256 = 256
    TRUECOLOR = 1 << 24


class Ink(NamedTuple):
    """How a cell is written; colours are numbers of the 256, -1 for the terminal's own text and background."""

    fg: int = -1
    bg: int = -1
    bold: bool = False
    dim: bool = False


_INKS: dict[Ink, int] = {Ink(): 0}
PLAIN = 0  # the index of `Ink()`


@cache
def ink(fg: int = -1, bg: int = -1, bold: bool = False, dim: bool = False) -> int:
    """Return the index of an ink; equal inks have equal indices, so that frames are compared as arrays of integers."""
    return _INKS.setdefault(Ink(fg, bg, bold, dim), len(_INKS))


@cache
def ink_of(index: int) -> Ink:
    """Return the ink with this index."""
    return list(_INKS)[index]


@cache
def brightness(colour: int) -> float:
    """Return how bright one of the 256 colours is, 0 to 1; of the terminal's own sixteen, how bright they usually are."""
    if colour < 16:
        return (0, 0.25, 0.4, 0.45, 0.2, 0.3, 0.5, 0.7, 0.35, 0.5, 0.75, 0.9, 0.4, 0.6, 0.8, 1)[colour]
    red, green, blue = Color.from_ansi(colour).get_truecolor()
    return (0.3 * red + 0.59 * green + 0.11 * blue) / 255


@cache
def style_of(index: int) -> Style:
    """Return the ink with this index as a rich style."""
    item = ink_of(index)
    fg, bg = (Color.from_ansi(number) if number >= 0 else None for number in (item.fg, item.bg))
    return Style(color=fg, bgcolor=bg, bold=item.bold or None, dim=item.dim or None)


FILLED, HOLLOW = "●▲■◆▼★", "○△□◇▽☆"
COLOURED = FILLED + "○◇", HOLLOW + "●◆"  # as many as there are colours
ASCII_MARKS = "*o+x#@&%"
SPELLED = {
    "–": "-", "—": "-", "−": "-", "·": ".", "…": "~", "×": "x", "²": "^2", "³": "^3", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "→": "->",
    "∞": "inf", "√": "sqrt", "‖": "||", "ℓ": "l", "₀": "0", "₁": "1", "₂": "2", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta",
    "ε": "eps", "η": "eta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ψ": "psi",
    "π": "pi", "Σ": "Sigma", "‘": "'", "’": "'", "“": '"', "”": '"', "±": "+-", "°": " deg", "ö": "oe", "ä": "ae", "ü": "ue", "ß": "ss",
}  # fmt: skip


@dataclass(frozen=True)
class Theme:
    """What the terminal can show, and which groups there are.

    dark: whether the background is. painted: whether the theme brings its own background, not the terminal's.
    density: how much room a figure is given: many small ones side by side, or few large ones.
    groups: names in their order; the position decides colour and marker. A group that is not listed comes after them.
    """

    level: Level = Level.TRUECOLOR
    ascii: bool = False
    dark: bool = True
    painted: bool = False
    density: Density = "normal"
    groups: tuple[str, ...] = ()

    @classmethod
    def detect(cls, environ: Mapping[str, str] | None = None, *, dark: bool = True) -> Theme:
        """Read `NO_COLOR`, `COLORTERM`, `TERM`, `LC_ALL`, `LC_CTYPE` and `LANG` as programs on a terminal do."""
        env = os.environ if environ is None else environ
        term = env.get("TERM", "")
        level = Level.ANSI256 if "256" in term else Level.ANSI16
        if env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
            level = Level.TRUECOLOR
        if "NO_COLOR" in env or term == "dumb":
            level = Level.NONE
        locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
        return cls(level, "utf" not in locale.lower(), dark)

    def group(self, name: str) -> int:
        """Return the position of a group."""
        return self.groups.index(name) if name in self.groups else len(self.groups)

    @property
    def shades(self) -> Shades:
        """The table of colours for this terminal."""
        if self.level is Level.ANSI16:
            return DARK16 if self.dark else LIGHT16
        return DARK if self.dark else LIGHT

    def curve(self, group: int) -> int:
        """Ink of a measured curve."""
        return self._ink(self.shades.full, group)

    def theory(self, group: int) -> int:
        """Ink of a curve from theory; with 16 colours one for all of them."""
        return self._ink(self.shades.theory, group)

    def faint(self, group: int | None = None) -> int:
        """Ink of a group's bands and pinned curves, or of nobody's."""
        if self.level is Level.NONE:
            return ink(dim=True)
        return self.quiet if group is None else self._ink(self.shades.faint, group)

    def _ink(self, table: tuple[int, ...], group: int) -> int:
        return PLAIN if self.level is Level.NONE else ink(table[group % len(table)])

    @property
    def quiet(self) -> int:
        """Ink of axes, labels and notes."""
        return PLAIN if self.level is Level.NONE else ink(self.shades.quiet)

    @property
    def strong(self) -> int:
        """Ink of titles and the cursor."""
        return ink(bold=True)

    def mark(self, group: int, repeat: int = 0) -> str:
        """Return the marker of a group; `repeat` counts earlier curves of the same group in the figure.

        Without colours markers alone tell groups apart, and with 16 there are as few colours: those beyond the sixth have hollow ones.
        With more, where the colours begin again the markers are others than the first time.
        """
        if self.ascii:
            return ASCII_MARKS[(group + 3 * repeat) % len(ASCII_MARKS)]
        if self.level <= Level.ANSI16:
            return (HOLLOW if (repeat + group // len(FILLED)) % 2 else FILLED)[(group + repeat // 2) % len(FILLED)]
        one, other = COLOURED
        return (other if repeat % 2 else one)[(group + group // len(one) + repeat // 2) % len(one)]

    def text(self, words: str) -> str:
        """Return text that takes one column per character and no control character; ASCII only where asked for."""
        if words.isascii() and words.isprintable():
            return words
        if self.ascii:
            return "".join(map(_spell, words))
        return "".join(letter for letter in unicodedata.normalize("NFC", words) if letter.isprintable() and cell_len(letter) == 1)

    def cut(self, words: str, width: int) -> str:
        """Return text that fits a width, with a mark where it was cut."""
        words = self.text(words)
        if len(words) <= width:
            return words
        return words[: max(0, width - 1)] + ("~" if self.ascii else "…") if width > 1 else words[: max(0, width)]


def _spell(letter: str) -> str:
    if letter.isascii():
        return letter if letter.isprintable() else " "
    if letter in SPELLED:
        return SPELLED[letter]
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain if plain.isprintable() and plain else "?"


def group_name(series: Series) -> str:
    """Return the name that decides a series' colour: its group, or its own name where it has none."""
    return series.group or series.name


def group_order(series: Iterable[Series], drawn: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the groups in the order that decides their colours, for `Theme.groups`: those drawn before first, then as series come."""
    return tuple(dict.fromkeys((*drawn, *map(group_name, series))))


def groups_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the groups of a run's series in the order of their first appearance, those no longer there included."""
    return group_order(snapshot.series, snapshot.groups)


def repeats(series: Sequence[Series]) -> list[int]:
    """Return how many measured curves of the same group come before each one."""
    seen: dict[str, int] = {}
    counts = []
    for item in series:
        counts.append(seen.get(group_name(item), 0))
        if item.kind == "measured":
            seen[group_name(item)] = counts[-1] + 1
    return counts
