"""ASCII and the absence of colour change characters and colours alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from screens.appearance import AsciiOnly, Colourless, Designed, to_ascii
from screens.widgets.palette import Level, Theme


@given(st.text(max_size=40))
def test_ascii_keeps_the_width(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    assert cell_len(plain) == cell_len(text) or any(not character.isprintable() for character in text)


def test_filters_change_characters_and_colours_alone() -> None:
    style = Style.parse("bold red on blue")
    (segment,) = AsciiOnly().apply([Segment("γ → ∞ ▄", style)], Color(0, 0, 0))
    assert (segment.text, segment.style) == ("g > 8 #", style)
    (segment,) = Colourless().apply([Segment("x", style)], Color(0, 0, 0))
    assert segment.style == Style.parse("bold reverse")  # what is marked by a background stays marked
    (segment,) = Colourless().apply([Segment("x", Style.parse("bold red on default"))], Color(0, 0, 0))
    assert segment.style == Style.parse("bold")


def test_a_colour_named_for_a_whole_text_is_that_of_the_theme() -> None:
    drawing = Theme(Level.ANSI256, dark=False)
    names = [Style.parse("yellow"), Style.parse("#ffff00")]  # the latter is what Textual takes the name to be there
    (by_part, whole) = Designed(drawing).apply([Segment("x", style) for style in names], Color(0, 0, 0))
    assert whole.style == by_part.style != Style.parse("#ffff00")
