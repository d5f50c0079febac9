"""The designed theme: the colours of curves, words and borders on dark, on light and on paper, in 256 and in 16 colours.

Colours are numbers of the terminal's 256: 0 to 15 are its own sixteen, which differ from terminal to terminal; 16 to 255 are
the same everywhere. The tables were searched for, in the colours that have enough contrast with usual backgrounds (4.5 for
words, 3 for curves: WCAG 2.2, 1.4.3 and 1.4.11), for those that stay farthest apart (CIEDE2000) as people with protanopia,
deuteranopia and tritanopia see them (Machado, Oliveira and Fernandes 2009). `tests/screens/test_theme.py` holds both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shades:
    """The colours of the groups in order, each as it is, faint (bands, pinned curves), and nearer to the text's colour (theory).

    Neighbours differ most, and the first two (train and test, in most figures) differ in every table. background is the
    colour nearest to the terminal's background, extreme the one farthest from it; quiet is for axes and labels.
    text: of words where the theme brings its own background. named: what stands for the names of the terminal's sixteen colours,
    by which words and borders are styled: red is bad, green good, yellow undecided, cyan keys and what is selected.
    """

    full: tuple[int, ...]
    faint: tuple[int, ...]
    theory: tuple[int, ...]
    extreme: int
    background: int
    quiet: int
    text: int
    named: Mapping[int, int]


def _named(red: int, green: int, yellow: int, blue: int, magenta: int, cyan: int, white: int, border: int) -> dict[int, int]:
    """The names from 1 to 15; those of bright colours mean the same."""
    plain = {1: red, 2: green, 3: yellow, 4: blue, 5: magenta, 6: cyan, 7: white}
    return {0: 16, **plain, 8: border, **{8 + name: colour for name, colour in plain.items()}, 15: 231}


# Azure, amber, aqua, pink, olive, lavender, green, pistachio.
DARK = Shades(
    full=(33, 214, 50, 198, 100, 183, 71, 150), faint=(25, 94, 23, 89, 58, 60, 22, 59), theory=(153, 222, 157, 205, 143, 225, 151, 194),
    extreme=231, background=16, quiet=247, text=253, named=_named(210, 70, 221, 75, 141, 117, 252, 242),
)  # fmt: skip
# Azure, orange, purple, red, blue, teal, rose, violet.
LIGHT = Shades(
    full=(33, 166, 90, 124, 21, 29, 132, 97), faint=(153, 180, 176, 174, 105, 116, 181, 182), theory=(25, 88, 17, 52, 19, 23, 95, 60),
    extreme=16, background=231, quiet=242, text=234, named=_named(88, 23, 94, 26, 54, 26, 238, 246),
)  # fmt: skip
# The terminal's own: only those that usual palettes (xterm, VGA, Tango, Campbell) keep apart from the background.
DARK16 = Shades(
    full=(12, 11, 9, 14, 13, 10), faint=(8,), theory=(15,), extreme=15, background=0, quiet=7, text=7,
    named={1: 9, 2: 10, 3: 11, 4: 12, 5: 13, 6: 14},
)  # fmt: skip
LIGHT16 = Shades(
    full=(4, 1, 5, 9), faint=(7,), theory=(0,), extreme=0, background=15, quiet=8, text=0,
    named={2: 4, 3: 5, 6: 4, 10: 4, 11: 5, 12: 4, 13: 5, 14: 4},
)  # fmt: skip
