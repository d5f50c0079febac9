"""Colours of cells: ramps for ordered values, separate colours for classes, and characters where there is no colour."""

from __future__ import annotations

from typing import Literal

from screens.widgets.palette import Level, Theme

Palette = Literal["sequential", "diverging", "classes", "grey"]

# Numbers of the 256 colours. The lightness of sequential and grey ramps rises throughout; diverging ones meet in the middle.
RAMPS: dict[str, tuple[int, ...]] = {
    "sequential": (17, 18, 24, 30, 36, 114, 185, 228),
    "diverging": (18, 25, 68, 110, 153, 255, 224, 217, 174, 131, 124),
    "grey": (232, 234, 236, 238, 240, 242, 244, 246, 248, 250, 252, 254),
}
RAMPS16: dict[str, tuple[int, ...]] = {"sequential": (0, 4, 6, 2, 11, 15), "diverging": (4, 12, 15, 9, 1), "grey": (0, 8, 7, 15)}
ASCII_RAMP, SHADES = " .:-=+*#%@", " ░▒▓█"
ASCII_CLASSES, CLASSES = ".#ox+*@%&=", "·█○▒+×◆░▲="


def ramp(palette: Palette, theme: Theme, muted: bool) -> tuple[int, ...]:
    """Return the colours of ordered values from the lowest to the highest; muted ones are greys near the background."""
    if theme.level is Level.ANSI16:
        return (theme.shades.background, theme.shades.faint[0]) if muted else RAMPS16[palette]
    if muted:
        return tuple(range(232, 241)) if theme.dark else tuple(range(255, 246, -1))
    return RAMPS[palette]


def class_colours(theme: Theme, muted: bool) -> tuple[int, ...]:
    """Return the colours of classes; class 0 (no, off, wrong) is nearly the background."""
    if theme.level is Level.ANSI16:
        return (0 if muted and theme.dark else 8 if theme.dark else 7, *(theme.shades.full[1:] if muted else theme.shades.full))
    return (239 if theme.dark else 254, *(theme.shades.faint if muted else theme.shades.full))


def characters(palette: Palette, theme: Theme) -> str:
    """Return the characters of values where there is no colour: from the lowest to the highest, or one for each class."""
    if palette == "classes":
        return ASCII_CLASSES if theme.ascii else CLASSES
    return ASCII_RAMP if theme.ascii else SHADES
