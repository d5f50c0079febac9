"""Colours and characters of the whole interface: the terminal's own sixteen colours on its own background, or none, or ASCII.

The terminal's palette keeps a frame small over SSH and follows a light or dark terminal. `NO_COLOR` drops every colour code
but keeps bold and reverse; `--ascii` (or a locale without UTF-8) replaces every character outside ASCII, wherever it comes from.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

STAND_INS = {  # ASCII character: what it stands in for
    "-": "·×−–—‐‑─━═╌┄╴╶▔", "|": "│┃║▕▏▎▍", "+": "✓┌┐└┘├┤┬┴┼╭╮╯╰╔╗╚╝", "#": "▄▅▆▇█▀▌▐▓■▪", "_": "▁▂▃", ":": "░", "%": "▒",
    "*": "•●◆", "o": "○◦°□", "<": "‹«←≤◀", ">": "›»→≥▶", "^": "↑▲", "v": "↓▼✔√", "x": "✗✘χ", ".": "…", "~": "≈±", "!": "≠",
    "8": "∞", "'": "′‘’", '"': "“”", "a": "α", "b": "β", "g": "γ", "d": "δ∂", "e": "εη", "h": "θ", "k": "κ", "l": "λℓ", "m": "μ",
    "n": "ν", "p": "πψ", "r": "ρ", "s": "σ", "t": "τ", "f": "φ", "w": "ω", "G": "Γ", "D": "Δ", "T": "Θ", "L": "Λ", "S": "Σ∑",
    "F": "Φ", "P": "Ψ∏", "O": "Ω", "I": "∫",
}  # fmt: skip
PLAIN = {ord(character): stand_in for stand_in, characters in STAND_INS.items() for character in characters}


class AsciiOnly(LineFilter):
    """Replace every character outside ASCII by one of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII."""
        return [segment if segment.text.isascii() else Segment(to_ascii(segment.text), segment.style) for segment in segments]


class Colourless(LineFilter):
    """Drop every colour; bold, dim, underline and reverse stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colour."""
        return [Segment(text, style.without_color if style else style, control) for text, style, control in segments]


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


def theme() -> Theme:
    """The theme of genlab: the terminal's own palette and background."""
    return Theme(
        name="genlab",
        ansi=True,
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
            "input-cursor-background": "ansi_white",
            "input-cursor-foreground": "ansi_black",
            "block-cursor-background": "ansi_cyan",
            "block-cursor-foreground": "ansi_black",
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
        },
    )
