"""The page of stored sweeps: newest first, what is damaged is said, return opens."""

import asyncio
from pathlib import Path

import pytest
from textual.app import App

from engine.errors import StoreError
from screens.application import StoredRun
from screens.sweeps_page import NONE, SweepsPage

LONG = "grokking-standard-sweep-of-a-name-that-is-longer-than-its-column"
STORED = (
    StoredRun(Path("/runs/newest"), "newest", "grokking", "3 of 9 points  running  wd (3) x fraction (3)"),
    StoredRun(Path("/runs/torn"), "torn", "", "", "/runs/torn/sweep.json is damaged"),
    StoredRun(Path("/runs/long"), LONG, "double-descent", "4 of 4 points  n (4)"),
)


def shown(size, stored, keys=()):
    """Show the page, press keys; return its text, what was opened, and whether it is still there."""
    opened = []

    async def run():
        app = App()
        async with app.run_test(size=size) as pilot:
            page = SweepsPage(stored, opened.append)
            await app.push_screen(page)
            await app.workers.wait_for_complete()
            await pilot.pause()
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            rows = app.screen._compositor.render_strips()
            return "\n".join(strip.text.rstrip() for strip in rows), app.screen is page

    text, there = asyncio.run(run())
    return text, opened, there


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 48)])
def test_sweeps_are_listed_in_the_order_given_with_how_far_they_are(size):
    text, opened, there = shown(size, lambda: STORED)
    places = [text.index(word) for word in ("newest", "torn", LONG[:30])]
    assert places == sorted(places) and there and not opened
    assert LONG not in text and "3 of 9 points" in text and "return opens; escape goes back" in text


def test_return_opens_the_chosen_one_and_closes_the_page():
    _, opened, there = shown((80, 24), lambda: STORED, ["down", "down", "enter"])
    assert opened == [Path("/runs/long")] and not there


def test_a_damaged_one_is_not_opened_and_says_why():
    text, opened, there = shown((80, 24), lambda: STORED, ["down", "enter"])
    assert not opened and there and text.count("/runs/torn/sweep.json is damaged") == 2  # in its row, and below


def test_escape_opens_nothing():
    assert shown((80, 24), lambda: STORED, ["escape"])[1:] == ([], False)


def test_where_there_are_none_the_command_is_named():
    text, opened, _ = shown((80, 24), tuple, ["enter"])
    assert not opened and NONE.split(";")[0] in text and "genlab sweep NAME" in text


def test_a_folder_that_cannot_be_read_is_a_sentence():
    def refused():
        raise StoreError("cannot read /runs: permission denied", "Name another folder.")

    text, opened, there = shown((80, 24), refused, ["enter"])
    assert "cannot read /runs: permission denied" in text and there and not opened
