"""Colours and characters of the whole interface: the designed theme, on the terminal's own background or its own; or none, or ASCII.

Words and borders are styled by the names of a terminal's sixteen colours, and what these names stand for is the theme's to say:
one filter at the end writes its colours. `NO_COLOR` drops every colour code but keeps bold and reverse; `--ascii` (or a locale
without UTF-8) replaces every character outside ASCII, wherever it comes from.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.scrollbar import ScrollBarRender
from textual.theme import Theme

from screens.widgets.palette import Level
from screens.widgets.palette import Theme as Drawing

STAND_INS = {  # ASCII character: what it stands in for
    "-": "·×−–—‐‑─━═╌┄╴╶▔", "|": "│┃║▕▏▎▍", "+": "✓┌┐└┘├┤┬┴┼╭╮╯╰╔╗╚╝", "#": "▄▅▆▇█▀▌▐▓■▪", "_": "▁▂▃", ":": "░", "%": "▒",
    "*": "•●◆", "o": "○◦°□", "<": "‹«←≤◀", ">": "›»→≥▶", "^": "↑▲", "v": "↓▼✔√", "x": "✗✘χ", "~": "≈±…", "!": "≠",
    "8": "∞", "'": "′‘’", '"': "“”", "a": "α", "b": "β", "g": "γ", "d": "δ∂", "e": "εη", "h": "θ", "k": "κ", "l": "λℓ", "m": "μ",
    "n": "ν", "p": "πψ", "r": "ρ", "s": "σ", "t": "τ", "f": "φ", "w": "ω", "G": "Γ", "D": "Δ", "T": "Θ", "L": "Λ", "S": "Σ∑",
    "F": "Φ", "P": "Ψ∏", "O": "Ω", "I": "∫",
}  # fmt: skip
REVERSED = Style(reverse=True)
OF_PAGES = {  # what Textual takes the names to be where they style a text as a whole: the colours of web pages
    (0, 0, 0): 0, (255, 0, 0): 1, (0, 128, 0): 2, (255, 255, 0): 3, (0, 0, 255): 4, (255, 0, 255): 5, (0, 255, 255): 6, (255, 255, 255): 7,
}  # fmt: skip
PLAIN = {ord(character): stand_in for stand_in, characters in STAND_INS.items() for character in characters}


class AsciiOnly(LineFilter):
    """Replace every character outside ASCII by one of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII."""
        return [segment if segment.text.isascii() else Segment(to_ascii(segment.text), segment.style) for segment in segments]


class Colourless(LineFilter):
    """Drop every colour; bold, dim, underline and reverse stay, and what had a background is reversed, as what is chosen in a list is."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colour."""
        return [Segment(text, _colourless(style) if style else style, control) for text, style, control in segments]


@lru_cache(4096)
def _colourless(style: Style) -> Style:
    marked = style.bgcolor is not None and not style.bgcolor.is_default
    return style.without_color + REVERSED if marked else style.without_color


class Designed(LineFilter):
    """Write what the names of the sixteen colours stand for, and dim words in a colour that can be read; paint a background of its own."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self._shades, self._painted = drawing.shades, drawing.painted
        self._dims = drawing.level is Level.ANSI16  # no sixteen colours have one between those of text and background
        self._styled: dict[Style | None, Style | None] = {None: self._style(Style()) if self._painted else None}

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in the theme's colours."""
        return [Segment(text, self._of(style), control) for text, style, control in segments]

    def _of(self, style: Style | None) -> Style | None:
        if style not in self._styled:
            self._styled[style] = self._style(style or Style())
        return self._styled[style]

    def _style(self, style: Style) -> Style:
        fg, bg = self._colour(style.color, self._shades.text), self._colour(style.bgcolor, self._shades.background)
        dim = style.dim
        if dim and not self._dims:
            fg, dim = (fg if style.color and not style.color.is_default else RichColor.from_ansi(self._shades.quiet)), False
        return style + Style(color=fg, bgcolor=bg, dim=dim)

    def _colour(self, colour: RichColor | None, own: int) -> RichColor | None:
        """Return the theme's colour for one that a style names, and `own` where a painted theme says what is the terminal's otherwise."""
        if colour is None or colour.is_default:
            return RichColor.from_ansi(own) if self._painted else colour
        number = colour.number if colour.type is ColorType.STANDARD else OF_PAGES.get(colour.triplet) if colour.triplet else None
        return colour if number is None else RichColor.from_ansi(self._shades.named.get(number, number))


class WholeCells(ScrollBarRender):
    """A scrollbar whose ends are no parts of a character, for which ASCII has nothing."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


def line_filters(drawing: Drawing) -> list[LineFilter]:
    """Return what brings everything that is written to what the terminal can show."""
    filters: list[LineFilter] = [Colourless() if drawing.level is Level.NONE else Designed(drawing)]
    return [*filters, AsciiOnly()] if drawing.ascii else filters


@lru_cache(4096)
def to_ascii(text: str) -> str:
    """Return the text in ASCII, as wide as it was."""
    return "".join(_plain(character) for character in text.translate(PLAIN))


def _plain(character: str) -> str:
    if character.isascii():
        return character
    width = cell_len(character)
    if width == 0:
        return ""
    base = unicodedata.normalize("NFKD", character)[0]
    return (base if base.isascii() else "?") + "?" * (width - 1)


def theme(drawing: Drawing) -> Theme:
    """The theme as Textual takes it: names of the sixteen colours, for which `Designed` writes those of the theme."""
    text, ground = ("ansi_white", "ansi_black") if drawing.dark else ("ansi_black", "ansi_bright_white")
    return Theme(
        name="genlab-dark" if drawing.dark else "genlab-light",
        ansi=True,
        dark=drawing.dark,
        primary="ansi_cyan",
        secondary="ansi_blue",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        accent="ansi_cyan",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "border": "ansi_cyan",
            "border-blurred": "ansi_bright_black",
            "scrollbar": "ansi_bright_black",
            "scrollbar-hover": "ansi_cyan",
            "scrollbar-active": "ansi_cyan",
            "scrollbar-background": "ansi_default",
            "scrollbar-background-hover": "ansi_default",
            "scrollbar-background-active": "ansi_default",
            "scrollbar-corner-color": "ansi_default",
            "input-cursor-background": text,
            "input-cursor-foreground": ground,
            "block-cursor-background": "ansi_cyan",
            "block-cursor-foreground": ground,
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
        },
    )
