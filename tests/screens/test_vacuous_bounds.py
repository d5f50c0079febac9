"""The notes of the vacuous-bounds screen: constants of the bounds stand in the panel, other notes in the status line."""

import asyncio

import pytest
from textual.app import App

from engine.contract import Phase, Snapshot
from screens.vacuous_bounds import BarsDeck, printed, without_bounds
from screens.widgets.palette import Theme
from tests.screens.canned import SPEC

NOTES = ("the cache could not be written", "Bound VC: true 3.35 vacuous. R + x. true: n=4,000", "Bound Occam: true 0.6 useless.")


def test_bounds_leave_the_status_line():
    snapshot = Snapshot("vacuous-bounds", "run", "quick", {}, (0,), Phase.RUNNING, "", notes=NOTES)
    assert without_bounds(snapshot).notes == NOTES[:1]


def test_bounds_are_printed_with_their_names_bold():
    text = printed(["VC: true 3.35 vacuous; random 4 useless | R + x | true: n=4,000 | random: n=4,000", "Occam: 0.4 informative"])
    assert text.plain == (
        "VC: true 3.35 vacuous; random 4 useless\n  R + x\n  true: n=4,000\n  random: n=4,000\n\nOccam: 0.4 informative\n\n"
    )
    looks = {text.plain[span.start : span.end]: span.style for span in text.spans}
    assert (looks["VC:"], looks["vacuous;"], looks["useless"], looks["informative"]) == ("bold", "red", "yellow", "green")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (116, 43), (160, 48)])
def test_the_bars_take_the_whole_width(size):
    async def look():
        deck = BarsDeck(SPEC, Theme())

        class Alone(App[None]):
            def compose(self):
                yield deck

        async with Alone().run_test(size=size) as pilot:
            await pilot.pause()
            assert deck.tiles[0].size.width >= size[0] - 2
            assert [tile.index for tile in deck.tiles if tile.display] == list(deck.page.views)
            assert (len(deck.page.views) > 1) == (size[1] > 40)
            seen = {view for page in deck.pages for view in page.views}
            assert seen == set(range(len(deck.tiles)))
            if len(deck.page.views) > 1:  # every cell of the grid is taken
                last = deck.tiles[deck.page.views[-1]]
                assert last.region.right >= size[0] - 2 and last.region.bottom == size[1]
            deck.toggle_full()
            await pilot.pause()
            assert deck.page.views == (0,) and deck.tiles[0].size.width >= size[0] - 2

    asyncio.run(look())
