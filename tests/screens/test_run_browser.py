"""The run browser over runs that are made up: what is seen, what is read, what is asked before it is done."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.contract import LabError, Phase, Status
from lab.app import LabApp
from screens.application import ExportRequest
from screens.export_page import ExportPage
from screens.help import HelpScreen
from screens.home import HomeScreen
from screens.listed_run import ListedRun, Preview
from screens.run_browser import RunBrowser
from screens.run_list_page import BrowserState
from screens.widgets.run_list import RunList, RunListHead
from tests.screens.canned import SPEC, canned
from tests.screens.canned_runs import ALIKE, made
from tests.screens.pilot import drive, said, until
from tests.screens.test_mistimed_keys import send

SIZES = ((60, 15), (80, 24), (160, 48))
LONG = "a-run-" + "x" * 194


class CannedListing:
    """Implements `RunListing` over rows in memory. `unread` rows show their name alone until they are read."""

    def __init__(self, runs: Sequence[ListedRun]) -> None:
        self.runs = {run.name: run for run in runs}
        self.found = {run.name: replace(run, known=False, claims=None) for run in runs}
        self.read_names: list[str] = []
        self.problem: LabError | None = None
        self._rows: list[ListedRun] | None = None

    def change(self, run: ListedRun) -> None:
        self.runs[run.name] = self.found[run.name] = run
        self._rows = None

    def drop(self, name: str) -> None:
        del self.runs[name], self.found[name]
        self._rows = None

    def rows(self) -> Sequence[ListedRun]:
        if self._rows is None:
            self._rows = sorted(self.found.values(), key=lambda run: -run.changed)
        return self._rows

    def row(self, name: str) -> ListedRun | None:
        return self.found.get(name)

    def look(self) -> None:
        if self.problem is not None:
            raise self.problem

    def read(self, names: Sequence[str]) -> None:
        for name in names:
            if name in self.found and not self.found[name].known:
                self.read_names.append(name)
                self.found[name] = self.runs[name]
                self._rows = None

    def read_on(self, seconds: float, claims: bool) -> bool:
        self.read(list(self.found))
        return True

    def keep(self) -> None:
        pass

    def knobs(self, run: ListedRun) -> Mapping[str, str]:
        return {"lr": "0.05", "n": "1000", **run.knobs}

    def names(self) -> Mapping[str, str]:
        return {"lr": "knob", "n": "knob"}

    def preview(self, name: str) -> Preview:
        return Preview(self.found[name], SPEC, canned(600, Phase.FINISHED))


class CannedBrowsing:
    """Implements `Browsing`; notes what was asked for."""

    def __init__(self, runs: Sequence[ListedRun]) -> None:
        self.listing = CannedListing(runs)
        self.done: list[tuple[str, Any]] = []
        self.refuses = ""

    def _note(self, deed: str, what: Any) -> None:
        if self.refuses:
            raise LabError(self.refuses)
        self.done.append((deed, what))

    def open(self, name: str) -> None:
        self._note("open", name)

    def resume(self, name: str) -> None:
        self._note("resume", name)

    def require_deletable(self, names: Sequence[str]) -> None:
        if self.refuses:
            raise LabError(self.refuses)

    def delete(self, names: Sequence[str]) -> str:
        self._note("delete", list(names))
        for name in names:
            self.listing.drop(name)
        return f"{len(names)} runs are deleted."

    def command(self, name: str) -> str:
        return f"genlab run canned --name {name}"

    def figures(self, names: Sequence[str]) -> Sequence[str]:
        return ("train-accuracy",)

    def export(self, names: Sequence[str], wanted: ExportRequest) -> str:
        self._note("export", (list(names), wanted.to))
        return "Wrote 3 files to /somewhere"

    def compare(self, names: Sequence[str]) -> Callable[[], None]:
        self._note("compare", list(names))
        return lambda: None


Story = Callable[[Pilot[int], LabApp, RunBrowser, CannedBrowsing], Any]
RUNS = (
    made("first", 1830, knobs={"lr": "0.2"}),
    made("second", 2000, phase=Phase.RUNNING, live=True, step=45, total=100, claims={Status.HOLDS: 1, Status.FAILS: 1}),
    made("third", 3700, phase=Phase.STOPPED, step=10, total=100, claims={Status.PENDING: 2}),
    made("torn", 7200, phase=None, claims={}, problem="manifest.json is damaged and cannot be read"),
    made(LONG, 90_000),
)


def browse(
    story: Story, size: tuple[int, int] = (80, 24), runs: Sequence[ListedRun] = RUNS, state: BrowserState | None = None
) -> CannedBrowsing:
    """Tell a story on a browser over home."""
    browsing = CannedBrowsing(runs)

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        page = RunBrowser(browsing, app, state or BrowserState())  # type: ignore[arg-type]
        app.screens.open(page)
        await until(pilot, lambda: page.list.names and page.list.size.height > 1)  # one is in sight before the first layout
        await until(pilot, lambda: all(page.listing.row(name).known for name in page.list.in_sight))  # type: ignore[union-attr]
        await pilot.pause()
        await story(pilot, app, page, browsing)

    drive(scenario, size)
    return browsing


@pytest.mark.parametrize("size", SIZES)
def test_a_row_says_what_is_known_of_a_run_at_every_size(size: tuple[int, int]) -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        words = said(app)
        assert "Runs 5 1 running" in words and "45 %" in words and "1 yes" in words and "torn" in words and "damaged" in words
        assert "2 not yet" in words and re.search(r"\b[3-5]\d min", words) and "25 h" in words  # ages are counted from the import
        assert "lr .2" in words, "the knobs that differ, in a column, behind the name or below"
        if size[0] == 160:
            assert "5 MB" in words
            await until(pilot, lambda: "training accuracy" in said(app, page.preview))
        page.list.go_to(4)
        await pilot.pause()
        assert re.search(r"a-run-x+…?x+", said(app, page.list)) and "…" in said(app, page.list)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    browse(story, size)


@pytest.mark.parametrize("size", SIZES)
def test_what_tells_runs_apart_stands_before_what_they_share(size: tuple[int, int]) -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        rows = said(app, page.list)
        assert "wd .5" in rows and "wd 2" in rows and "fraction .8" in rows
        assert size[0] < 80 or rows.index("wd .5") < rows.rindex("p 23")

    browse(story, size, ALIKE)


@pytest.mark.parametrize("size", SIZES[:2])
def test_of_a_run_of_no_preset_it_is_said_which_one_it_resembles_to_the_last_knob(size: tuple[int, int]) -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        page.list.go_to(page.list.names.index(ALIKE[2].name))
        await pilot.pause()
        words = " ".join(said(app, page.preview).split())
        told = "canned, preset custom, seed 0: quick but for p 23, width 64, steps 1000, fraction .8, wd 2"
        assert told in words if size[1] > 20 else told[:40] in words and words.endswith("…")

    browse(story, size, ALIKE)


def test_of_ten_thousand_runs_only_those_in_sight_are_read() -> None:
    runs = [made(f"run-{place:05}", place) for place in range(10_000)]

    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        assert len(page.list.names) == 10_000 and len(browsing.listing.read_names) < 100
        await pilot.press("end")
        await until(pilot, lambda: "run-09999" in browsing.listing.read_names)
        assert len(browsing.listing.read_names) < 200 and "run-09999" in said(app, page.list)
        await pilot.press("slash", *"04242")
        await until(pilot, lambda: page.list.names == ["run-04242"])
        await pilot.press("enter", "enter")
        await until(pilot, lambda: browsing.done == [("open", "run-04242")])

    browse(story, runs=runs)


def test_runs_are_listed_before_the_names_of_knobs_are_known_and_defects_are_said_there() -> None:
    known = threading.Event()

    class Slow(CannedListing):
        def names(self) -> Mapping[str, str]:
            known.wait(60)
            raise LabError("canned cannot be declared")

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        browsing = CannedBrowsing([made("one"), made("two")])
        browsing.listing = Slow([made("one"), made("two")])
        page = RunBrowser(browsing, app, BrowserState())
        app.push_screen(page)
        try:
            await until(pilot, lambda: len(page.list.names) == 2)
        finally:
            known.set()
        await until(pilot, lambda: "canned cannot be declared" in said(app, page.query_one("#said")))

    drive(scenario)


def test_a_filter_narrows_while_it_is_typed_and_escape_empties_it() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        await pilot.press("slash", *"lr", "equals_sign", *".2")
        await until(pilot, lambda: page.list.names == ["first"])
        assert "1 of 5" in said(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(page.list.names) == 5 and page.list.has_focus)
        await pilot.press("slash", *"lrr", "equals_sign", "2")
        await until(pilot, lambda: "no knob or value is called 'lrr'; did you mean lr?" in said(app))
        assert len(page.list.names) == 5
        await pilot.press("escape")
        await until(pilot, lambda: "no knob or value" not in said(app))
        assert app.screen is page
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert not browsing.done, "what was typed ahead went into the filter, not to the list"

    browse(story)


def test_keys_after_the_enter_of_a_filter_are_the_list_s_however_fast_they_come() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        send(app, "slash", *"first", "enter", "space")
        await until(pilot, lambda: page.list.marked)
        assert (page.filter.value, list(page.list.marked)) == ("first", ["first"])

    browse(story)


def test_a_filter_that_was_kept_is_replaced_by_what_is_typed_and_moved_in_by_the_arrows() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        await pilot.press("slash", *"first", "enter", "slash", *"third", "enter")
        await until(pilot, lambda: page.list.names == ["third"])
        assert page.filter.value == "third"
        await pilot.press("slash", "end", "backspace", "enter")
        assert page.filter.value == "thir"

    browse(story)


def test_orders_go_around_and_the_selected_run_stays_selected() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        await pilot.press("down", "down")
        assert page.list.selected == "third"
        await pilot.press("s")
        await until(pilot, lambda: page.list.names[0] == LONG)
        assert page.list.selected == "third" and "sorted by name" in said(app)
        page.list.head.post_message(RunListHead.Clicked("size"))
        await until(pilot, lambda: page.state.sort == "size")

    browse(story)


def test_the_list_follows_what_other_processes_do() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        browsing.listing.change(made("second", 0, phase=Phase.RUNNING, live=True, step=80, total=100))
        await until(pilot, lambda: "80 %" in said(app))
        assert page.list.names[0] == "second"
        browsing.listing.change(made("new", 0))
        await until(pilot, lambda: page.list.names[0] == "new")
        browsing.listing.problem = LabError("cannot read /runs: permission denied")
        await until(pilot, lambda: "permission denied" in said(app))
        assert len(page.list.names) == 6

    browse(story)


def test_deleting_asks_and_anything_but_y_keeps() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        await pilot.press("space", "down", "down", "space", "d")
        await until(pilot, lambda: "Delete these 2 runs for good (10.0 MB)?" in said(app))
        for size in ((60, 15), (160, 48), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "y deletes, n keeps" in said(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Nothing was deleted." in said(app))
        await pilot.press("d")
        await until(pilot, lambda: page.confirm.display)
        await pilot.press("escape")
        await until(pilot, lambda: not page.confirm.display)
        assert app.screen is page and not browsing.done
        await pilot.press("d")
        await until(pilot, lambda: page.confirm.display)
        await pilot.press("y")
        await until(pilot, lambda: "2 runs are deleted." in said(app))
        assert page.list.names == ["second", "torn", LONG] and not page.state.marked

    assert browse(story).done == [("delete", ["first", "third"])]


def test_what_may_not_be_deleted_or_resumed_is_a_sentence() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        browsing.refuses = "run second is being written by a process"
        for key in ("d", "r", "enter"):
            page.say("")
            await pilot.press(key)
            await until(pilot, lambda: browsing.refuses in said(app))
            assert not page.confirm.display
        browsing.refuses = ""
        await pilot.press("r")
        await until(pilot, lambda: browsing.done == [("resume", "first")])

    browse(story)


def test_a_run_that_disappears_while_it_is_marked_is_no_longer_marked() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        await pilot.press("space", "down", "space")
        assert page.state.marked == ["first", "second"]
        browsing.listing.drop("first")
        await until(pilot, lambda: page.state.marked == ["second"])
        assert "a marked run is no longer there" in said(app)
        await pilot.press("down", "space", "C")
        await until(pilot, lambda: browsing.done == [("compare", ["second", "third"])])

    browse(story)


def test_help_export_and_the_command_over_the_browser_come_back_to_it() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and "Run browser" in said(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is page)
        await pilot.press("c")
        await until(pilot, lambda: "genlab run canned --name first" in said(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportPage))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is page and "Wrote 3 files" in said(app))

    assert browse(story).done == [("export", (["first"], "svg"))]


def test_the_mouse_selects_marks_opens_and_sorts() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        await pilot.click(RunList, offset=(8, 2))
        await until(pilot, lambda: page.list.selected == "third")
        await pilot.click(RunList, offset=(1, 1))
        await until(pilot, lambda: page.state.marked == ["second"])
        await pilot.click(RunList, offset=(8, 0), times=2)
        await until(pilot, lambda: browsing.done == [("open", "first")])
        await pilot.click(RunListHead, offset=(6, 0))
        await until(pilot, lambda: page.state.sort == "name")
        await pilot.click(RunListHead, offset=(6, 0))
        await until(pilot, lambda: page.state.sort == "-name")

    browse(story)


def test_it_opens_as_it_was_left() -> None:
    async def story(pilot: Pilot[int], app: LabApp, page: RunBrowser, browsing: CannedBrowsing) -> None:
        assert page.list.selected == "third" and page.state.marked == ["first"] and page.filter.value == "ir"
        assert page.list.names == ["first", "third"]

    browse(story, state=BrowserState(filter="ir", selected="third", marked=["first"]))
