"""Colours, glyphs and colour levels: a group (an arm, an optimiser) has one colour and one marker, alike in every figure.

The colours are points of the 256-colour cube, so that a truecolor and a 256-colour terminal show the same; 16 colours
have a table of their own, and without colour curves are told apart by their glyphs. Text is brought to what the
terminal can write: one column per character, no control characters, and only ASCII where that is asked for.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style

from engine.contract import Series


class Level(IntEnum):
    """How many colours may be written."""

    NONE = 0
    ANSI16 = 16
    ANSI256 = 256
    TRUECOLOR = 1 << 24


class Ink(NamedTuple):
    """How a cell is written; colours are `#rrggbb`, empty for the terminal's own."""

    fg: str = ""
    bg: str = ""
    bold: bool = False
    dim: bool = False


_INKS: list[Ink] = [Ink()]
PLAIN = 0  # the index of `Ink()` in every table of inks


@cache
def ink(fg: str = "", bg: str = "", bold: bool = False, dim: bool = False) -> int:
    """Return the index of an ink; equal inks have equal indices, so that frames are compared as arrays of integers."""
    wanted = Ink(fg, bg, bold, dim)
    if wanted not in _INKS:
        _INKS.append(wanted)
    return _INKS.index(wanted)


def ink_of(index: int) -> Ink:
    """Return the ink with this index."""
    return _INKS[index]


@cache
def style_of(index: int) -> Style:
    """Return the ink with this index as a rich style."""
    item = _INKS[index]
    return Style(color=item.fg or None, bgcolor=item.bg or None, bold=item.bold or None, dim=item.dim or None)


# Neighbours in the list differ most, and the first two (train and test, in most figures) differ in every table.
DARK = ("#5fafff", "#ffaf00", "#5fd787", "#ff5f5f", "#af87ff", "#00d7d7", "#ff87d7", "#d7d75f")
LIGHT = ("#005faf", "#d75f00", "#008700", "#d70000", "#8700d7", "#008787", "#d70087", "#878700")
DARK16 = ("#5555ff", "#ffff55", "#55ff55", "#ff5555", "#ff55ff", "#00aaaa", "#aa00aa", "#aa5500")
LIGHT16 = ("#0000aa", "#aa0000", "#00aa00", "#aa00aa", "#00aaaa", "#aa5500", "#5555ff", "#555555")
FILLED, HOLLOW = "●▲■◆▼★", "○△□◇▽☆"
ASCII_MARKS = "*o+x#@&%"
ASCII_THEORY = "=~^:"
SPELLED = {
    "–": "-", "—": "-", "−": "-", "·": ".", "…": "~", "×": "x", "²": "^2", "³": "^3", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "→": "->",
    "∞": "inf", "√": "sqrt", "‖": "||", "ℓ": "l", "₀": "0", "₁": "1", "₂": "2", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta",
    "ε": "eps", "η": "eta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ψ": "psi",
    "π": "pi", "Σ": "Sigma", "‘": "'", "’": "'", "“": '"', "”": '"', "±": "+-", "°": " deg", "ö": "oe", "ä": "ae", "ü": "ue", "ß": "ss",
}  # fmt: skip


@dataclass(frozen=True)
class Theme:
    """What the terminal can show, and which groups there are.

    groups: names in their order; the position decides colour and marker. A group that is not listed comes after them.
    """

    level: Level = Level.TRUECOLOR
    ascii: bool = False
    dark: bool = True
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

    def colour(self, group: int) -> str:
        """Return the colour of a group, empty where no colour may be written."""
        if self.level is Level.NONE:
            return ""
        table = (DARK16 if self.dark else LIGHT16) if self.level is Level.ANSI16 else (DARK if self.dark else LIGHT)
        return table[group % len(table)]

    def curve(self, group: int) -> int:
        """Ink of a measured curve."""
        return ink(self.colour(group))

    def theory(self, group: int) -> int:
        """Ink of a curve from theory: the group's colour, nearer to the text's; only the dashes differ in 16 colours."""
        text = "#ffffff" if self.dark else "#000000"
        if self.level is Level.NONE:
            return PLAIN
        return ink(text if self.level is Level.ANSI16 else mix(self.colour(group), text, 0.55))

    def faint(self, group: int | None = None) -> int:
        """Ink of bands and pinned curves, or of nobody's lines and labels."""
        if self.level is Level.NONE:
            return ink(dim=True)
        if self.level is Level.ANSI16:
            return ink("#555555" if self.dark else "#aaaaaa")
        if group is None:
            return self.quiet
        ground = "#121212" if self.dark else "#f0f0f0"
        return ink(mix(self.colour(group), ground, 0.55))

    @property
    def quiet(self) -> int:
        """Ink of axes, labels and notes."""
        if self.level is Level.NONE:
            return PLAIN
        if self.level is Level.ANSI16:
            return ink("#aaaaaa" if self.dark else "#555555")
        return ink("#949494" if self.dark else "#6c6c6c")

    @property
    def strong(self) -> int:
        """Ink of titles and the cursor."""
        return ink(bold=True)

    def mark(self, group: int, repeat: int = 0) -> str:
        """Return the marker of a group; `repeat` counts earlier curves of the same group in the figure."""
        if self.ascii:
            return ASCII_MARKS[(group + 3 * repeat) % len(ASCII_MARKS)]
        return (HOLLOW if repeat % 2 else FILLED)[(group + repeat // 2) % len(FILLED)]

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


def mix(colour: str, other: str, share: float) -> str:
    """Return a colour that is `share` of the way to another, both `#rrggbb`."""
    parts = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in parts)


def group_order(*collections: Iterable[Series]) -> tuple[str, ...]:
    """Return the groups of series in the order of their first appearance: pass it as `Theme.groups`."""
    return tuple(dict.fromkeys(item.group or item.name for series in collections for item in series))


def group_name(series: Series) -> str:
    """Return the name that decides a series' colour: its group, or its own name where it has none."""
    return series.group or series.name


def repeats(series: Sequence[Series]) -> list[int]:
    """Return how many measured curves of the same group come before each one."""
    seen: dict[str, int] = {}
    counts = []
    for item in series:
        counts.append(seen.get(group_name(item), 0))
        if item.kind == "measured":
            seen[group_name(item)] = counts[-1] + 1
    return counts
