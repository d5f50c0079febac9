"""The details behind a run's numbers: every value with its word, formula and constants, above the notes."""

from __future__ import annotations

import asyncio

from textual.app import App, ComposeResult

from engine.contract import Detail, DetailRow
from screens.widgets.details_table import details_table
from screens.widgets.notes_panel import NotesPanel
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


def test_details_are_printed_with_their_names_bold_and_their_words_in_colour() -> None:
    text = details_table(DETAILS, 60)
    assert text.plain == (
        "Bound VC\n  true    3.35  vacuous\n  random   0.6  useless\n  R + x\n  true: n=4,000\n  random: n=4,000\n\n"
        "Bound spectral (without logs)\n  true  0.4  informative (so far)\n  |X|_F R_A/(m n)\n  true: m=0.5"
    )
    looks = {text.plain[span.start : span.end]: span.style for span in text.spans}
    assert (looks["Bound VC"], looks["vacuous"], looks["useless"], looks["informative"]) == ("bold", "red", "yellow", "green")
    assert looks["  |X|_F R_A/(m n)"] == "dim"


def test_long_formulas_and_constants_go_on_in_lines_that_are_set_in() -> None:
    constants = {f"constant {index}": 0.5 for index in range(6)}
    detail = Detail("Bound", "a + b + " * 8 + "c", (DetailRow("true", 1.0, constants=constants),))
    lines = details_table((detail,), 40).plain.splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert lines[2].startswith("  a + b") and lines[3].startswith("    ")
    assert " ".join(" ".join(lines[4:]).split()).endswith(detail.rows[0].numbers)


def test_a_row_without_word_or_constants_takes_one_line() -> None:
    assert details_table((Detail("Rank", "r = |s|_1^2 / |s|_2^2", (DetailRow("seed 0", 12.0),)),), 60).plain.splitlines() == [
        "Rank", "  seed 0  12  ", "  r = |s|_1^2 / |s|_2^2",
    ]  # fmt: skip


def test_the_notes_panel_prints_them_after_what_there_is_to_notice() -> None:
    async def look() -> None:
        panel = NotesPanel(SPEC)

        class Alone(App[None]):
            def compose(self) -> ComposeResult:
                yield panel

        async with Alone().run_test(size=(80, 40)) as pilot:
            await pilot.pause()
            assert sum(child.display for child in panel.children) == 2, "what is empty takes no room"
            panel.show_run(["spheres are followed"])
            panel.show_details(DETAILS)
            await pilot.pause()
            said, notice, details, rest = (child for child in panel.children if child.display)
            assert details.visual.plain == details_table(DETAILS, panel.scrollable_content_region.width).plain + "\n"  # type: ignore[attr-defined]
            assert said.region.bottom <= notice.region.y < notice.region.bottom <= details.region.y < details.region.bottom <= rest.region.y
            panel.show_details(())
            await pilot.pause()
            assert not details.display

    asyncio.run(look())
