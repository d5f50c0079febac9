"""The theme: what it writes can be read and told apart on dark and light, by colour-blind eyes too, in 256 and in 16 colours."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from screens.appearance import line_filters
from screens.widgets.palette import Level, Theme, ink_of
from screens.widgets.picture_palette import RAMPS, RAMPS16, class_colours
from screens.widgets.shades import DARK, DARK16, LIGHT, LIGHT16, Shades
from tests.screens.colour_vision import EYES, ciede2000, contrast, distance, lab, nearest_pair

# Backgrounds that terminals come with: black, Campbell, Catppuccin Mocha, Nord; white, Solarized Light, Catppuccin Latte.
DARKS = ((0, 0, 0), (12, 12, 12), (30, 30, 46), (46, 52, 64))
LIGHTS = ((255, 255, 255), (253, 246, 227), (239, 241, 245))


def rgbs(text: str) -> tuple[tuple[int, int, int], ...]:
    return tuple(tuple(bytes.fromhex(item)) for item in text.split())  # type: ignore[misc]


# The sixteen colours as usual terminals have them.
SIXTEEN = {
    "xterm": rgbs("000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"),
    "vga": rgbs("000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"),
    "tango": rgbs("2e3436 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec"),
    "campbell": rgbs("0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc 767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2"),
}
WORDS = (1, 2, 3, 5, 6)  # the names that words are styled by: bad, good, undecided, the tour's, keys


def rgb(number: int) -> tuple[int, int, int]:
    return tuple(RichColor.from_ansi(number).get_truecolor())  # type: ignore[return-value]


def test_the_distance_is_ciede2000() -> None:
    """Pairs of Sharma, Wu and Dalal 2005, table 1."""
    for one, other, expected in (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ):
        assert ciede2000(one, other) == pytest.approx(expected, abs=1e-4)


def test_the_eyes_are_those_of_colour_blindness() -> None:
    grey, red, green = (128, 128, 128), (200, 60, 60), (110, 110, 0)
    assert all(ciede2000(lab(grey), lab(grey, eye)) < 1 for eye in EYES), "greys stay"
    assert ciede2000(lab(red, "deuteranopia"), lab(green, "deuteranopia")) < 0.5 * ciede2000(lab(red), lab(green))
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


@pytest.mark.parametrize(("shades", "backgrounds"), [(DARK, DARKS), (LIGHT, LIGHTS)], ids=["dark", "light"])
def test_words_have_a_contrast_of_4_5_and_curves_of_3(shades: Shades, backgrounds: tuple[tuple[int, int, int], ...]) -> None:
    for background in backgrounds:
        for number in (shades.quiet, shades.text, shades.extreme, *(shades.named[name] for name in WORDS)):
            assert contrast(rgb(number), background) >= 4.5, (number, background)
        for number in (*shades.full, *shades.theory):
            assert contrast(rgb(number), background) >= 3, (number, background)


@pytest.mark.parametrize("shades", [DARK, LIGHT], ids=["dark", "light"])
def test_curves_are_told_apart_by_every_eye(shades: Shades) -> None:
    full = [rgb(number) for number in shades.full]
    assert nearest_pair(full[:2]) >= 40
    assert nearest_pair(full[:4]) >= 16
    assert nearest_pair(full) >= 10
    assert min(distance(colour, rgb(shades.quiet)) for colour in full) >= 8, "no curve looks like an axis"
    assert len(set(shades.full)) == len(shades.faint) == len(set(shades.theory)) == len(shades.full)
    for group, (curve, theory, faint) in enumerate(zip(shades.full, shades.theory, shades.faint, strict=True)):
        assert distance(rgb(curve), rgb(theory)) >= 8, group
        assert distance(rgb(curve), rgb(faint)) >= 14, group


@pytest.mark.parametrize(("shades", "backgrounds"), [(DARK, DARKS), (LIGHT, LIGHTS)], ids=["dark", "light"])
def test_bands_are_fainter_than_their_curves(shades: Shades, backgrounds: tuple[tuple[int, int, int], ...]) -> None:
    for curve, faint in zip(shades.full, shades.faint, strict=True):
        assert 1.35 <= contrast(rgb(faint), backgrounds[0]) < contrast(rgb(curve), backgrounds[0]) / 1.2


@pytest.mark.parametrize("shades", [DARK, LIGHT], ids=["dark", "light"])
def test_marks_of_claims_differ_by_more_than_red_and_green(shades: Shades) -> None:
    assert nearest_pair([rgb(shades.named[name]) for name in WORDS]) >= 10


@pytest.mark.parametrize("palette", SIXTEEN)
def test_sixteen_colours_stand_out_and_differ_in_usual_terminals(palette: str) -> None:
    colours = SIXTEEN[palette]
    for shades, background in ((DARK16, (0, 0, 0)), (LIGHT16, (255, 255, 255))):
        for number in (*shades.full, *shades.theory, shades.quiet, *(shades.named.get(name, name) for name in WORDS)):
            assert contrast(colours[number], background) >= 3, (palette, number)
        assert nearest_pair([colours[number] for number in shades.full[:2]]) >= 30
        assert not {shades.quiet, *shades.theory, *shades.faint} & set(shades.full)
        assert all(shades.named.get(number, number) == number for number in (*shades.full, *shades.theory, *shades.faint, shades.quiet))


@pytest.mark.parametrize("name", RAMPS)
def test_ramps_are_ordered_for_every_eye(name: str) -> None:
    for eye in EYES:
        seen = [lab(rgb(number), eye) for number in RAMPS[name]]
        steps = [ciede2000(one, other) for one, other in pairwise(seen)]
        assert min(steps) >= 4, eye
        assert ciede2000(seen[0], seen[-1]) >= 25, eye


def test_every_number_of_sixteen_colours_is_one() -> None:
    for ramp in RAMPS16.values():
        assert all(0 <= number < 16 for number in ramp)
    for dark in (True, False):
        assert all(0 <= number < 16 for number in class_colours(Theme(Level.ANSI16, dark=dark), muted=False))


def written(drawing: Theme, style: str | None) -> Style | None:
    segments = [Segment("x", Style.parse(style) if style is not None else None)]
    for each in line_filters(drawing):
        segments = each.apply(segments, Color(0, 0, 0))
    return segments[0].style


@pytest.mark.parametrize("dark", [True, False])
def test_names_of_colours_become_the_themes(dark: bool) -> None:
    shades = DARK if dark else LIGHT
    style = written(Theme(Level.ANSI256, dark=dark), "bold red")
    assert style is not None
    assert style.bold
    assert style.color == RichColor.from_ansi(shades.named[1])
    dim = written(Theme(Level.ANSI256, dark=dark), "dim")
    assert dim is not None
    assert not dim.dim
    assert dim.color == RichColor.from_ansi(shades.quiet)
    curve = ink_of(Theme(Level.ANSI256, dark=dark).curve(0)).fg
    kept = written(Theme(Level.ANSI256, dark=dark), f"color({curve})")
    assert kept is not None
    assert kept.color == RichColor.from_ansi(curve)


def test_the_terminals_own_background_is_left_alone_unless_a_theme_was_chosen() -> None:
    for style in (None, "bold", "red"):
        own = written(Theme(Level.ANSI256), style)
        assert own is None or own.bgcolor is None
        painted = written(Theme(Level.ANSI256, dark=False, painted=True), style)
        assert painted is not None
        assert painted.bgcolor == RichColor.from_ansi(LIGHT.background)
        assert painted.color is not None
        assert not painted.color.is_default


def test_without_colour_nothing_is_coloured() -> None:
    for dark, painted in ((True, False), (False, True)):
        style = written(Theme(Level.NONE, dark=dark, painted=painted), "dim red on blue")
        assert style is not None
        assert (style.color, style.bgcolor, style.dim) == (None, None, True)


def test_classes_of_a_heat_map_differ() -> None:
    for dark in (True, False):
        colours = class_colours(Theme(Level.ANSI256, dark=dark), muted=False)
        assert all(distance(rgb(one), rgb(other)) >= 8 for one, other in combinations(colours[:5], 2))


def test_without_colours_markers_alone_tell_a_dozen_groups_apart() -> None:
    assert len({Theme(Level.NONE).mark(group) for group in range(12)}) == 12
    coloured = Theme(Level.ANSI256)
    assert len({(coloured.mark(group), coloured.curve(group)) for group in range(12)}) == 12
