"""The screen of vacuous bounds: every bound in the panel of the notes with its formula and constants, bars as wide as there is room."""

import asyncio

import pytest
from textual.app import App

from engine.contract import Detail, DetailRow
from screens.vacuous_bounds import BarsGrid, BoundsPanel, printed
from screens.widgets.palette import Theme
from tests.screens.canned import SPEC

DETAILS = (
    Detail(
        "Bound VC",
        "R + x",
        (
            DetailRow("true", 3.35, "vacuous", "bad", constants={"n": 4000}),
            DetailRow("random", 0.6, "useless", "poor", constants={"n": 4000}),
        ),
    ),
    Detail("Bound spectral", "|X|_F R_A/(m n)", (DetailRow("true", 0.4, "informative", "good", " (so far)", {"m": 0.5}),), "without logs"),
)


def test_bounds_are_printed_with_their_names_bold_and_their_words_in_colour():
    text = printed(DETAILS)
    assert text.plain == (
        "Bound VC: true 3.35 vacuous; random 0.6 useless\n  R + x\n  true: n=4,000\n  random: n=4,000\n\n"
        "Bound spectral (without logs): true 0.4 informative (so far)\n  |X|_F R_A/(m n)\n  true: m=0.5\n\n"
    )
    looks = {text.plain[span.start : span.end]: span.style for span in text.spans}
    assert (looks["Bound VC"], looks["vacuous"], looks["useless"], looks["informative"]) == ("bold", "red", "yellow", "green")
    assert looks["\n  |X|_F R_A/(m n)\n"] == "dim"


def test_the_panel_prints_the_bounds_above_the_notes():
    async def look():
        panel = BoundsPanel(SPEC)

        class Alone(App[None]):
            def compose(self):
                yield panel

        async with Alone().run_test(size=(80, 30)) as pilot:
            panel.show_bounds(DETAILS)
            await pilot.pause()
            shown = [child for child in panel.children if child.display]
            assert shown[0].visual.plain == printed(DETAILS).plain
            assert shown[0].region.bottom <= shown[-1].region.y

    asyncio.run(look())


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (116, 43), (160, 48)])
def test_the_bars_take_the_whole_width(size):
    async def look():
        figures = BarsGrid(SPEC, Theme())

        class Alone(App[None]):
            def compose(self):
                yield figures

        async with Alone().run_test(size=size) as pilot:
            await pilot.pause()
            assert figures.panels[0].size.width >= size[0] - 2
            assert [panel.index for panel in figures.panels if panel.display] == list(figures.page.views)
            assert (len(figures.page.views) > 1) == (size[1] > 40)
            seen = {view for page in figures.pages for view in page.views}
            assert seen == set(range(len(figures.panels)))
            if len(figures.page.views) > 1:  # every cell of the grid is taken
                last = figures.panels[figures.page.views[-1]]
                assert last.region.right >= size[0] - 2 and last.region.bottom == size[1]
            figures.toggle_full()
            await pilot.pause()
            assert figures.page.views == (0,) and figures.panels[0].size.width >= size[0] - 2

    asyncio.run(look())
