"""The tour from canned runs: every kind of question from asking to the next stop, at every size, and what can go wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.contract import LabError, Phase, Reseed, Rewind, Series
from engine.contract.tour import Visit
from lab.app import LabApp
from screens.help import HelpScreen
from screens.home import HomeScreen
from screens.tour import TourScreen
from screens.tour_figure import YOURS
from screens.tour_list import TourList
from screens.widgets.palette import Level, Theme
from tests.screens.canned import CannedSession, canned
from tests.screens.canned_tour import EXPLAINED, STOPS, CannedTour, TouringRuns, finished
from tests.screens.pilot import SIZES, said, text_of, until

Scenario = Callable[[Pilot[int], LabApp, TourScreen], Awaitable[None]]


def visit(
    scenario: Scenario, size: tuple[int, int] = (80, 24), *, tour: CannedTour | None = None, place: int = 0, **options: Any
) -> CannedTour:
    """Run a scenario on the tour and return it."""
    guide = tour if tour is not None else CannedTour()

    async def run() -> None:
        app = LabApp(TouringRuns(guide), drawing=options.pop("drawing", Theme()), tour=place, **options)  # type: ignore[arg-type]
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: isinstance(app.screen, TourScreen) and app.screen.field.has_focus)
            await pilot.pause()
            assert isinstance(app.screen, TourScreen)
            await scenario(pilot, app, app.screen)

    asyncio.run(run())
    return guide


def drawn(screen: TourScreen) -> tuple[Series, ...]:
    """The curves that the figure shows; none where it is hidden."""
    return screen.figure.request.series if screen.figure.display and screen.figure.request is not None else ()


async def explained(pilot: Pilot[int], screen: TourScreen) -> None:
    """Go on to the explanation, where it is not told at once."""
    await until(pilot, lambda: screen.stage in ("answered", "explained"))
    if screen.stage == "answered":
        await pilot.press("enter")
    await until(pilot, lambda: screen.stage == "explained")
    await pilot.pause()


# ---------------------------------------------------------------- a whole stop of each kind


@pytest.mark.parametrize("size", SIZES)
def test_a_choice_from_question_to_explanation(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        words = said(app, screen.query_one("#words"))
        assert "1/3 Random labels definition" in said(app) and "n = 1,000. What becomes of the training accuracy?" in words
        assert all(f"{number} {option}" in words for number, option in enumerate(STOPS[0].question.options, 1))  # type: ignore[union-attr]
        assert [item.name for item in drawn(screen)] == ["train/true"], "what is given, and nothing of the answer"
        await pilot.press("4")
        await until(pilot, lambda: "there is no option 4, but 1 to 3" in said(app, screen.field))
        await pilot.press("enter")
        await until(pilot, lambda: "nothing was answered" in said(app, screen.field))
        await pilot.press("down")
        await until(pilot, lambda: "no option" not in said(app, screen.field))
        assert screen.stage == "asking"
        await pilot.press("enter")
        await until(pilot, lambda: screen.stage in ("answered", "explained"))
        await pilot.pause()
        words = said(app, screen.told)
        assert "Right: It reaches 1. The training accuracy ends at 100 %." in words and "yes RL1" in words and "yes RL2" in words
        assert {item.name for item in drawn(screen)} == {"train/true", "train/random"}
        await explained(pilot, screen)
        words = said(app, screen.told)
        assert " ".join(EXPLAINED.split()) in words and "R <= Rhat + sqrt(V/n)" in words
        assert screen.figure.size.height >= 5
        await pilot.press("enter")
        await until(pilot, lambda: screen.place == 1 and screen.stage == "asking")

    tour = visit(scenario, size)
    assert tour.visits == {"choice": Visit("right", 1)} and tour.arrived == [0, 1]


@pytest.mark.parametrize("size", SIZES)
def test_a_number_from_question_to_explanation(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        assert not drawn(screen), "nothing is given"
        assert "step = a number between 1 and 10,000 steps" in said(app)
        await pilot.press("x", "b", "n")  # b and n are commands where nothing was typed, not even in error
        await until(pilot, lambda: "'n' is in no number" in said(app, screen.field))
        assert screen.place == 1 and screen.stage == "asking"
        await pilot.press(*"99999", "enter")
        await until(pilot, lambda: "step must be between 1 and 10,000 steps, got 99999" in said(app))
        assert screen.stage == "asking", "out of range is no answer"
        await pilot.press(*["backspace"] * 5, *"2e2", "enter")
        await until(pilot, lambda: screen.stage in ("answered", "explained"))
        await pilot.pause()
        assert "You said 200 steps, it is 120 steps (100 to 130): near, 1.67 times too much." in said(app, screen.told)
        assert any(marker.at == 200 and marker.axis == "x" and marker.group == YOURS for marker in screen.figure.request.markers)
        await explained(pilot, screen)
        assert "t ~ log n" in said(app, screen.told)

    assert visit(scenario, size, place=1).visits == {"number": Visit("near", 200.0)}


@pytest.mark.parametrize("size", SIZES)
def test_a_sketch_from_question_to_explanation(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        assert [item.name for item in drawn(screen)] == [YOURS], "the run's own curves are hidden"
        request = screen.figure.request
        assert request.figure.y.label == "cross-entropy" and (request.figure.y.lo, request.figure.y.hi) == (0.01, 1.0) and request.log_y
        assert "1/4 step = 1: 0.1" in said(app)
        await pilot.press("up", "up", "pageup", "right", "up", "left", "left", "right", "right", "right", "right", "down", "pagedown")
        heights = screen.field.heights  # type: ignore[attr-defined]
        assert heights[0] > heights[1] > 0.1 == heights[2] > heights[3]
        await until(pilot, lambda: tuple(drawn(screen)[0].y) == tuple(heights))
        assert request.cursor == 1.0 and screen.figure.request.cursor == 300.0
        await pilot.press("enter")
        await until(pilot, lambda: "1 of 4 not moved yet; enter again answers so" in said(app, screen.field))
        assert screen.stage == "asking" and screen.figure.size.height >= 5
        await pilot.press("enter")
        await until(pilot, lambda: screen.stage in ("answered", "explained"))
        await pilot.pause()
        assert [item.name for item in drawn(screen)] == ["loss/random", YOURS], "the prediction over the answer"
        assert "our curve goes the right way in" in said(app, screen.told) and "your prediction" in said(app, screen.figure)
        await explained(pilot, screen)
        assert "L(t) = L_0 exp(-t/tau)" in said(app, screen.told)

    (result,) = visit(scenario, size, place=2).visits.values()
    assert isinstance(result.answer, tuple) and len(result.answer) == 4


def test_who_has_drawn_nothing_is_asked_once_more_and_who_has_drawn_all_is_not() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press("enter")
        await until(pilot, lambda: "4 of 4 not moved yet; enter again answers so" in said(app))
        await pilot.press("up", "right", "up", "right", "down")
        await until(pilot, lambda: "not moved yet" not in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: "1 of 4 not moved yet; enter again answers so" in said(app, screen.field))
        await pilot.press("right", "down")
        assert screen.stage == "asking"
        await pilot.press("enter")
        await until(pilot, lambda: screen.stage != "asking")

    visit(scenario, place=2)


def test_handles_stay_within_the_axes() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press(*["pageup"] * 12, "right", *["pagedown"] * 12, "enter", "enter")
        await until(pilot, lambda: screen.stage != "asking")

    (result,) = visit(scenario, place=2).visits.values()
    assert result.answer[:2] == pytest.approx((1.0, 0.01))  # type: ignore[index]


# ---------------------------------------------------------------- the run


def test_nothing_of_the_run_is_told_before_the_answer_and_everything_once_it_is_finished() -> None:
    session = CannedSession(canned(300))

    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        assert "The run that answers is running, 50 %." in said(app) and "RL1" not in said(app)
        await pilot.press("2")
        await until(pilot, lambda: "You said: It reaches 1. Running, 50 %" in said(app))
        assert screen.stage == "waiting"
        keys = said(app, screen.query_one("#keys"))
        assert "n next without it" in keys and "enter" not in keys and "b back" not in keys, "no key that does nothing"
        session.change(**{name: value for name, value in vars(finished()).items() if name != "revision"})
        await until(pilot, lambda: screen.stage == "answered")
        assert "Right: It reaches 1." in said(app) and "enter explain" in said(app, screen.query_one("#keys"))

    tour = visit(scenario, tour=CannedTour(session))
    assert tour.prepared == [1], "the next stop's run begins when this one is over"


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.DIVERGED, Phase.STOPPED])
def test_a_run_without_an_end_says_so_and_can_be_run_again_or_skipped(phase: Phase) -> None:
    session = CannedSession(canned(300, phase, sentence="loss left the finite numbers", hint="Lower lr."))

    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press("2")
        sentence = f"The run {phase}: r runs it again, n goes on without it. Loss left the finite numbers. Lower lr."
        await until(pilot, lambda: sentence in said(app))
        await pilot.press("r")
        await until(pilot, lambda: session.posted == [Rewind()])
        session.change(**{name: value for name, value in vars(finished()).items() if name != "revision"})
        await until(pilot, lambda: screen.stage == "answered")

    assert visit(scenario, tour=CannedTour(session)).visits["choice"].result == "right"


def test_a_run_that_does_not_say_is_run_from_another_seed() -> None:
    silent = {**finished().config, "n": 99_999}
    session = CannedSession(finished(config=silent))

    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press("2")
        await until(pilot, lambda: "This run gives no answer: seed 0 says nothing. r runs another seed" in said(app))
        assert screen.stage == "waiting"
        await pilot.press("r")
        await until(pilot, lambda: session.posted == [Reseed()] and screen.stage == "answered")

    assert visit(scenario, tour=CannedTour(session)).visits["choice"].result == "right"


def test_the_run_is_stored_on_request_alone() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press("s")
        await until(pilot, lambda: "Stored; see it with: genlab show canned-quick-s0" in said(app))
        screen.tour.refusal = LabError("the disk is full", "Free some space.")  # type: ignore[attr-defined]
        await pilot.press("s")
        await until(pilot, lambda: "the disk is full. Free some space." in said(app))

    assert visit(scenario).stored == [0]


# ---------------------------------------------------------------- from stop to stop


def test_stops_are_skipped_gone_back_to_and_repeated() -> None:
    tour = CannedTour(visits={"number": Visit("right", 120.0)})

    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press("n", "n")
        await until(pilot, lambda: screen.place == 2)
        assert tour.visits == {"number": Visit("right", 120.0), "choice": Visit("skipped")}, "what was answered stays so"
        await pilot.press("b", "b", "b")
        await until(pilot, lambda: screen.place == 0 and screen.field.has_focus)
        await pilot.press("1")
        await until(pilot, lambda: screen.stage == "answered")
        assert "You said: It stays at chance. The run says: It reaches 1." in said(app)
        await pilot.press("r")
        await until(pilot, lambda: screen.stage == "asking" and screen.field.has_focus)
        await pilot.press("2")
        await until(pilot, lambda: tour.visits["choice"] == Visit("right", 1))

    visit(scenario, tour=tour)


@pytest.mark.parametrize("size", SIZES)
def test_the_list_says_what_became_of_each_stop_and_goes_there(size: tuple[int, int]) -> None:
    tour = CannedTour(visits={"choice": Visit("off", 0), "number": Visit("skipped")})

    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, TourList) and app.screen.list.has_focus)
        await pilot.pause()
        words = said(app)
        assert "3 stops: 1 seen, 1 skipped, 1 to come" in words and "2 skipped Time to fit" in words and "1 seen Random labels" in words
        options = app.screen.list.options  # type: ignore[attr-defined]
        assert [bool(option.prompt.spans) for option in options[:2]] == [False, True], "colours on the mark could not be read"
        await pilot.press("down")
        await until(pilot, lambda: [bool(option.prompt.spans) for option in options[:2]] == [True, False])
        await pilot.press("end", "enter")
        await until(pilot, lambda: app.screen is screen and screen.place == 2)
        await pilot.press("l", "escape")
        await until(pilot, lambda: app.screen is screen)

    visit(scenario, size, tour=tour)


@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
def test_the_whole_tour_is_a_row_a_stop_and_the_marked_one_is_seen(size: tuple[int, int]) -> None:
    from engine.tour import STOPS as ALL

    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        app.push_screen(TourList(ALL, {stop.name: Visit("off", 0) for stop in ALL}, len(ALL) - 1, lambda place: None))
        await until(pilot, lambda: f"{len(ALL)} seen" in said(app) and "enter goes there" in said(app))
        await until(pilot, lambda: any(f"{len(ALL)} seen    {ALL[-1].title}" in row for row in text_of(app)))
        rows = min(len(ALL), size[1] - 4)  # but for border, summary and keys
        await until(pilot, lambda: sum(" seen    " in row and "stops:" not in row for row in text_of(app)) == rows)
        await pilot.press("home")
        await until(pilot, lambda: any(f" 1 seen    {ALL[0].title}" in row for row in text_of(app)))

    visit(scenario, size)


def test_after_the_last_stop_all_are_listed() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press("enter", "enter")
        await explained(pilot, screen)
        keys = said(app, screen.query_one("#keys"))
        assert "enter all stops" in keys and "next" not in keys
        await pilot.press("r")
        await until(pilot, lambda: screen.stage == "asking")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, TourList))
        await pilot.pause()
        assert "3 stops: 1 seen, 2 to come" in said(app)

    visit(scenario, place=2)


def test_home_opens_the_tour_where_it_was_left_and_its_keys_are_in_help_and_palette() -> None:
    from screens.command_palette import palette_commands

    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press("n")
        await until(pilot, lambda: screen.place == 1)
        offered = [text for text, _, _ in palette_commands(screen, app)]
        assert "Next stop; one without an answer is skipped (n)" in offered and "The tour (t on home)" not in offered
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.pause()
        assert "each stop asks first" in said(app) and "Next stop" in said(app) and "Pin the present curves" not in said(app)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert "t tour" in said(app)
        await pilot.press("t")
        await until(pilot, lambda: app.screen is screen and screen.place == 1)
        await pilot.press("o")
        await until(pilot, lambda: type(app.screen).__name__ == "PhenomenonScreen")

    visit(scenario)


def test_a_stop_that_cannot_be_opened_is_a_sentence() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        screen.tour.refusal = LabError("the system starts no further thread", "Close something.")  # type: ignore[attr-defined]
        await pilot.press("n")
        await until(pilot, lambda: "the system starts no further thread. Close something." in said(app))
        assert screen.place == 0

    visit(scenario)


def test_progress_that_could_not_be_read_is_said() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        assert "tour.json is damaged; the tour begins anew" in said(app)

    visit(scenario, tour=CannedTour(problem="tour.json is damaged; the tour begins anew"))


# ---------------------------------------------------------------- terminals


@pytest.mark.parametrize(
    "drawing", [Theme(Level.NONE, ascii=True), Theme(Level.ANSI16), Theme(Level.NONE), Theme(Level.ANSI256, dark=False)]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_terminal_shows_the_tour(drawing: Theme, place: int) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        await pilot.press(*("2",) if place == 0 else ("5", "0") if place == 1 else ("up", "enter"), "enter")
        await until(pilot, lambda: screen.stage != "asking")
        await explained(pilot, screen)
        if drawing.ascii:
            assert all(row.isascii() for row in text_of(app))

    visit(scenario, drawing=drawing, place=place)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_terminal_is_resized_at_every_stage(place: int) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp, screen: TourScreen) -> None:
        async def resize() -> None:
            for size in ((160, 48), (60, 15), (1, 1), (40, 10), (120, 20), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
            await until(pilot, lambda: app.screen is screen)

        await resize()
        screen.field.focus()
        await pilot.press(*("2",) if place == 0 else ("5", "0", "enter") if place == 1 else ("up", "enter", "enter"))
        await until(pilot, lambda: screen.stage != "asking")
        await resize()
        await explained(pilot, screen)
        await pilot.press("l")
        await pilot.pause()
        await pilot.press("escape")

    visit(scenario, place=place)
