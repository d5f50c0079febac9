"""The screen of a sweep from canned snapshots: figures and points, what is wrong, what enter opens."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from textual.app import App

from engine.contract import Phase, Scalar, ScalarValue
from engine.contract.sweep import Lost, SweepPoint, SweepSnapshot
from engine.registry import spec
from engine.sweeps.figures import drawn
from engine.sweeps.grid import axes_of
from engine.sweeps.manifest import SweepManifest
from engine.sweeps.plan import Plan
from screens.keys import KEYS
from screens.sweep_screen import SweepScreen
from screens.sweep_words import Columns, cell, cells, standing
from screens.widgets.palette import Level, Theme

STEP = Scalar("grok_step", "first step", "step", log=True, whole=True)


def point(knobs, phase=None, value=None, **more):
    values = {} if value is None else {STEP.name: ScalarValue(STEP, (value, 2 * value), (False, False))}
    texts = {name: f"{number:g}" for name, number in knobs.items()}
    return SweepPoint(knobs, texts, phase=phase, values=values, **more)


def snapshot(*points, live=True, revision=1):
    declared = spec("grokking")
    plan = Plan.of(declared, "quick", {}, axes_of(declared, ["wd=.3,1,3"], ()), seeds=2)
    manifest = SweepManifest.of(plan, "cpu", 1, "typed")
    figures, shown, maps = drawn("a-sweep", manifest, points, [STEP], declared)
    return SweepSnapshot(
        name="a-sweep", phenomenon="grokking", preset="quick", given={}, knobs={"wd": "weight decay"}, seeds=(0, 1), scalars=(STEP,),
        claims=(), points=points, declared=figures, drawn=replace(shown, revision=revision), maps=maps, live=live, rate=0.5, eta=20.0,
        command_line="genlab sweep grokking", folder="/runs/a-sweep", revision=revision,
    )  # fmt: skip


BEGUN = snapshot(
    point({"wd": 0.3}, Phase.FINISHED, 400.0, run="run-1", ended=True), point({"wd": 1.0}, Phase.RUNNING, run="run-2", share=0.5),
    point({"wd": 3.0}),
)  # fmt: skip
OVER = snapshot(
    point({"wd": 0.3}, Phase.FINISHED, 400.0, run="run-1", ended=True), point({"wd": 1.0}, Phase.FINISHED, 200.0, run="run-2", ended=True),
    point({"wd": 3.0}, Phase.DIVERGED, run="run-3", ended=True, sentence="the loss has left the numbers"), live=False, revision=2,
)  # fmt: skip


class Canned:
    """A sweep that stands where it is put."""

    def __init__(self, first):
        self.shown = first

    def latest(self):
        return self.shown


class Around:
    """The application around the screen."""

    drawing = Theme(Level.ANSI256)
    keys = KEYS

    def __init__(self):
        self.offered = []

    def offer_files(self, title, figures, export):
        self.offered.append((title, list(figures)))


def shown(size, sweep, keys=(), then=None):
    """Show a sweep at a size, press keys, put another snapshot in its place; return the rows of text, and what was asked for."""
    opened, around, session = [], Around(), Canned(sweep)

    async def run():
        app = App()
        async with app.run_test(size=size) as pilot:
            screen = SweepScreen(session, around, opened.append, lambda wanted: "")
            await app.push_screen(screen)
            await pilot.pause()
            if then is not None:
                session.shown = then
                screen._look()
                await pilot.pause()
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            strips = [app.screen._compositor.render_strips()[row].text for row in range(size[1])]
            return "\n".join(strip.rstrip() for strip in strips), screen.message.text.plain

    return (*asyncio.run(run()), opened, around)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 48)])
def test_figures_points_and_how_far_it_is(size):
    text, _, _, _ = shown(size, BEGUN)
    assert "Sweep of Grokking" in text and "a-sweep" in text
    rows = text.splitlines()
    head, first, second, third = next(rows[at : at + 4] for at, row in enumerate(rows) if "phase" in row)
    end = head.index("wd") + 2  # where the knob's column ends
    assert [row[:end].split()[-1] for row in (head, first, second, third)] == ["wd", "0.3", "1", "3"]
    assert "running 50%" in second and "waiting" in third
    assert "1 of 3 points done, 1 running; 0.5 points/s, 20 s left" in text


def test_it_fills_in():
    text, *_ = shown((160, 48), BEGUN, then=OVER)
    assert "3 of 3 points done, 1 failed" in text and "diverged" in text
    assert "400 [400, 800]" in text or "600 [400, 800]" in text


def test_the_footer_names_the_keys_of_what_has_the_keyboard():
    text, *_ = shown((160, 48), BEGUN)
    assert "enter open run" in text and "tab figures" in text
    text, *_ = shown((160, 48), BEGUN, ["1"])
    assert "enter open run" not in text and "tab points" in text
    text, *_ = shown((160, 48), BEGUN, ["1", "tab"])
    assert "enter open run" in text


def test_every_value_that_fits_has_a_column():
    values = {
        name: ScalarValue(Scalar(name, name), (number,), (False,)) for name, number in (("one", 1.0), ("two", 22.0), ("none", float("nan")))
    }
    scalars = tuple(value.scalar for value in values.values())
    swept = replace(OVER, scalars=scalars, points=tuple(replace(item, values=values) for item in OVER.points))
    columns = Columns(swept, 60)
    assert columns.head().plain.split() == ["wd", "phase", "one", "two"]
    lines = [columns.head().plain, *(columns.row(item).plain for item in swept.points)]
    assert {line.index("22") + 2 for line in lines[1:]} == {lines[0].index("two") + 3} and len({len(line) for line in lines}) == 1
    assert Columns(swept, 22).head().plain.split() == ["wd", "phase", "one"]


def valued(*names):
    """A sweep that is over, whose points have long values of these names."""
    scalars = tuple(Scalar(name, name) for name in names)
    values = {item.name: ScalarValue(item, (1234.5, 2345.6), (False, False)) for item in scalars}
    return replace(OVER, scalars=scalars, points=tuple(replace(item, values=values) for item in OVER.points))


def test_values_that_have_no_room_are_counted_and_brackets_explained_once():
    swept = valued("one", "two", "three", "four")
    assert [part.plain for part in Columns(swept, 200).about()] == ["median [least, most] of 2 seeds"]
    assert [part.plain for part in Columns(swept, 45).about()] == ["median [least, most] of 2 seeds", "+3 more values"]
    assert [part.plain for part in Columns(replace(swept, seeds=(0,)), 75).about()] == ["+1 more value"]
    for size, more in (((80, 24), "+1 more value"), ((160, 48), "")):
        text, *_ = shown(size, swept)
        assert text.count("median [least, most] of 2 seeds") == 1 and more in text and ("more value" in text) == bool(more)
        assert "one square a point" in text
    assert "+2 more values" in shown((60, 20), swept)[0]


def test_beside_the_figures_the_list_takes_the_columns_that_it_needs():
    def list_from(sweep):
        head = next(row for row in shown((160, 48), sweep)[0].splitlines() if "wd  " in row and "phase" in row)
        return head.index("wd  "), head

    few, _ = list_from(valued("one"))
    many, head = list_from(valued("one", "two", "three"))
    assert head.split()[-3:] == ["one", "two", "three"] and 60 <= many < few
    assert list_from(valued(*"abcdefgh"))[0] < many and list_from(valued(*"abcdefgh"))[0] >= 60


def test_that_somebody_is_at_work_is_said_before_the_first_point_has_a_run():
    waiting = replace(BEGUN, points=tuple(point({"wd": wd}) for wd in (0.3, 1.0, 3.0)), rate=0.0, eta=None)
    assert "at work" in standing(waiting) and "at work" not in standing(BEGUN)
    assert "at work" not in standing(replace(waiting, live=False))


def test_enter_opens_a_points_run_and_says_where_there_is_none():
    _, _, opened, _ = shown((80, 24), BEGUN, ["down", "enter"])
    assert opened == [Path("/runs/run-2")]
    _, said, opened, _ = shown((80, 24), BEGUN, ["down", "down", "enter"])
    assert not opened and said == "This point has no run yet."


def test_what_went_wrong_is_said_of_the_selected_point():
    _, said, _, _ = shown((80, 24), OVER, ["down", "down"])
    assert said == "the loss has left the numbers"


def test_figures_are_exported_by_name():
    *_, around = shown((80, 24), OVER, ["e"])
    assert around.offered == [("a-sweep", ["grok_step"])]


def test_words():
    assert standing(OVER) == "3 of 3 points done, 1 failed"
    gone = replace(OVER.points[0], lost=Lost.DELETED, missing="run run-1 was deleted; the same command computes it again")
    torn = replace(OVER.points[1], lost=Lost.DAMAGED, missing="run run-2 is damaged: it is torn")
    lost = replace(OVER, points=(gone, torn, OVER.points[2]), eta=None)
    assert standing(lost) == "1 of 3 points done, 1 failed, 1 deleted, 1 damaged; nobody computes it now; the same command goes on"
    assert cells(lost, 80, ascii_only=True).plain == "??x" and (lost.done, lost.failed, lost.running) == (1, 1, 0)
    assert [Columns(lost, 80).row(point).plain.split()[1] for point in lost.points] == ["deleted", "damaged", "diverged"]
    assert standing(replace(BEGUN, live=False)).endswith("nobody computes it now; the same command goes on")
    assert standing(replace(BEGUN, workers=2)).endswith("20 s left; 2 workers, 1 waiting")
    assert standing(replace(OVER, workers=2, live=True)).endswith("; 2 workers")
    assert [cells(BEGUN, 80, ascii_only).plain for ascii_only in (True, False)] == ["#>.", "■▶·"]
    assert cells(BEGUN, 2, ascii_only=True).plain == ""
    assert cell(ScalarValue(STEP, (100.0, 100.0), (True, True))) == ">= 100"
    assert cell(ScalarValue(STEP, (100.0, 300.0, 500.0), (False, False, True))) == "300 [100, >= 500]"
    assert cell(ScalarValue(STEP, (float("nan"),), (False,), "pending")) == cell(None) == ""
