"""The parts that screens are made of, as plain functions: pace, cursor, layout, legend, words, colours, commands."""

from __future__ import annotations

import math
import shlex
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from engine.contract import Axis, Figure, Phase, Series, Snapshot
from screens import formatting, linked_cursor
from screens.appearance import AsciiOnly, Colourless, to_ascii
from screens.figure_pages import LEAST_HEIGHT, LEAST_WIDTH, page_of, pages, side_panel_width
from screens.frame_pacing import EAGER, PERIOD, SLOWEST, FramePacing
from screens.run_command import run_command
from screens.widgets.plot_legend import LegendEntry
from screens.widgets.shared_legend import arranged, related, shared
from screens.widgets.status_rows import KEYS, key_row, phase_row, sentence_row
from screens.widgets.text_row import fit
from tests.screens.canned import SPEC, CannedConfig, canned


class Clock:
    """Time and processor time that stand still until told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.spent = 5.0

    def pace(self) -> FramePacing:
        return FramePacing(lambda: self.now, lambda: self.spent)


# ---------------------------------------------------------------- pace


def revised(snapshot: Snapshot, **changes: object) -> Snapshot:
    return replace(snapshot, revision=snapshot.revision + 1, **changes)  # type: ignore[arg-type]


def test_at_most_five_frames_a_second() -> None:
    clock = Clock()
    pace, snapshot, frames = clock.pace(), canned(), 0
    for _ in range(1000):
        clock.now += 0.01
        snapshot = revised(snapshot, step=snapshot.step + 1)
        if pace.wants(snapshot) == "everything":
            frames += 1
            pace.drew(snapshot)
    assert 48 <= frames <= 51


def test_drawing_takes_at_most_a_tenth_of_the_time() -> None:
    clock = Clock()
    pace, snapshot = clock.pace(), canned()
    begun, spent = clock.now, clock.spent
    for _ in range(4000):
        clock.now += 0.01
        snapshot = revised(snapshot, step=snapshot.step + 1)
        if pace.wants(snapshot) == "everything":
            pace.drew(snapshot)
            clock.spent += 0.06  # layout and output follow later, in the interface's own time
            clock.now += 0.06
    assert (clock.spent - spent) / (clock.now - begun) <= 0.11


def test_a_price_beyond_reason_still_draws_every_two_seconds() -> None:
    clock = Clock()
    pace, snapshot = clock.pace(), canned()
    pace.drew(snapshot)
    clock.spent += 50
    pace.drew(revised(snapshot))
    clock.now += SLOWEST
    assert pace.wants(revised(revised(snapshot))) == "everything"


def test_the_answer_to_a_command_is_drawn_at_once() -> None:
    clock = Clock()
    pace, snapshot = clock.pace(), canned()
    pace.drew(snapshot)
    pace.hurry()
    assert pace.delay() == EAGER
    assert pace.wants(revised(snapshot, step=301)) == "nothing", "further training is no answer"
    for answer in ({"phase": Phase.PAUSED}, {"config": {"lr": 1}}, {"seeds": (1,)}, {"step": 0}):
        assert pace.wants(revised(snapshot, **answer)) == "everything"
    pace.drew(revised(snapshot, phase=Phase.PAUSED))
    assert pace.delay() >= PERIOD - 1e-9


def test_without_an_answer_the_hurry_ends() -> None:
    clock = Clock()
    pace = clock.pace()
    pace.drew(canned())
    pace.hurry()
    clock.now += 2
    assert pace.delay() >= PERIOD - 1e-9


def test_only_the_rows_are_written_while_no_curve_changes() -> None:
    clock = Clock()
    pace, snapshot = clock.pace(), canned()
    pace.drew(snapshot)
    assert pace.wants(snapshot) == "nothing"
    ticked = replace(snapshot, step=310)
    assert pace.wants(ticked) == "nothing"
    clock.now += PERIOD
    assert pace.wants(ticked) == "rows"


# ---------------------------------------------------------------- cursor


def curve(x: list[float], y: list[float], label: str = "a") -> Series:
    return Series(label, label, np.array(x, dtype=float), np.array(y, dtype=float))


def test_stops_are_the_finite_points_of_all_curves() -> None:
    found = linked_cursor.stops([curve([1, 2, math.nan], [1, math.nan, 1]), curve([4, 1], [0, 0])])
    assert found.tolist() == [1, 4]
    assert linked_cursor.stops([]).size == 0


def test_the_cursor_visits_every_stop_and_stays_at_the_ends() -> None:
    points = np.array([1.0, 2.0, 5.0, 9.0])
    at, seen = None, []
    for _ in range(5):
        at = linked_cursor.moved(points, at, 1)
        seen.append(at)
    assert seen == [1, 2, 5, 9, 9]
    assert linked_cursor.moved(points, None, -1) == 9
    assert linked_cursor.moved(points, 3.3, -1) == 2
    assert linked_cursor.moved(points, 3.3, 1) == 5
    assert linked_cursor.moved(np.empty(0), None, 1) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(-1e6, 1e6))
def test_the_value_at_the_cursor_is_that_of_the_nearest_point(x: list[float], at: float) -> None:
    x = sorted(set(x))
    series = curve(x, list(range(len(x))))
    value = linked_cursor.value_at(series, at)
    if not x[0] <= at <= x[-1]:
        assert value is None
    else:
        nearest = min(abs(item - at) for item in x)
        assert value is not None
        assert abs(x[int(value)] - at) == nearest


def test_readout_names_axis_curves_and_unit() -> None:
    figure = Figure("f", "f", Axis("step"), Axis("loss", unit="nats"), ("*",))
    text = linked_cursor.readout(figure, [curve([1, 10], [0.5, 0.25], "train"), curve([1, 4], [1, 2], "test")], 10)
    assert text.plain == "step 10: train 0.25 nats"
    assert "no curve here" in linked_cursor.readout(figure, [], 3).plain


# ---------------------------------------------------------------- layout


@given(st.integers(1, 20), st.integers(1, 300), st.integers(1, 100))
def test_every_view_is_on_exactly_one_page_and_wide_enough(count: int, width: int, height: int) -> None:
    chosen = pages(count, width, height)
    assert [view for page in chosen for view in page.views] == list(range(count))
    for page in chosen:
        assert len(page.views) <= page.columns * page.rows
        assert page.columns == 1 or width / page.columns >= LEAST_WIDTH
        assert page.rows == 1 or height / page.rows >= LEAST_HEIGHT
    for view in range(count):
        assert view in chosen[page_of(view, chosen)].views


def test_a_wide_terminal_shows_six_views_at_once_and_a_narrow_one_two() -> None:
    assert len(pages(6, 116, 43)) == 1
    assert [len(page.views) for page in pages(5, 80, 18)] == [2, 2, 1]
    assert [len(page.views) for page in pages(5, 60, 13)] == [1] * 5


@pytest.mark.parametrize(
    ("width", "panel", "columns"), [(80, "", 0), (80, "knobs", 38), (60, "knobs", 60), (80, "claims", 80), (160, "", 44)]
)
def test_panel_widths(width: int, panel: str, columns: int) -> None:
    assert side_panel_width(width, panel) == columns


# ---------------------------------------------------------------- legend


def test_a_shared_legend_names_each_curve_once() -> None:
    a, b, c = LegendEntry("●", 1, "true"), LegendEntry("▲", 2, "random"), LegendEntry("■", 3, "other")
    assert shared({0: [a, b], 1: [b, c]}) == ([a, b, c], {0, 1})


def test_a_figure_that_gives_a_glyph_or_a_word_another_meaning_keeps_its_own_legend() -> None:
    a, b = LegendEntry("●", 1, "true"), LegendEntry("▲", 2, "random")
    for odd in (LegendEntry("●", 1, "false"), LegendEntry("■", 3, "random")):
        assert shared({0: [odd], 1: [a, b], 2: [b]}) == ([a, b], {1, 2})
    assert shared({0: [LegendEntry("--", 1, "limit"), LegendEntry("--", 2, "limit"), a], 1: [b], 2: [b]}) == ([b], {1, 2})


def test_a_legend_that_no_two_figures_share_stays_with_its_figure() -> None:
    a, b, c = LegendEntry("●", 1, "true"), LegendEntry("●", 1, "false"), LegendEntry("■", 3, "other")
    assert shared({0: [a], 1: [b]}) == ([], set())
    assert shared({0: [a]}) == ([a], {0})
    assert related({0: [a, c], 1: [a], 2: [b]}, {0, 1, 2}, 40) == {0: [a, c], 1: [a]}
    long = [LegendEntry("●", ink, f"a long label of {ink}") for ink in range(5)]
    assert related({0: [a, c], 1: [a], 2: long}, {0, 1, 2}, 40) == {0: [a, c], 1: [a], 2: long}


@given(st.lists(st.text("abc ", min_size=1, max_size=20), max_size=12), st.integers(24, 100))
def test_legend_rows_keep_order_and_width(labels: list[str], width: int) -> None:
    keys = [LegendEntry("●", index, label) for index, label in enumerate(labels)]
    rows = arranged(keys, width)
    assert [key for row in rows for key in row] == keys
    for row in rows:
        assert sum(len(key.label) + 2 for key in row) + 2 * (len(row) - 1) <= width


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.12345678, "0.1235"),
        (12345, "12,345"),
        (math.nan, "undefined"),
        (math.inf, "infinite"),
        (None, "-"),
        ("low", "low"),
        (1e-9, "1e-09"),
    ],
)
def test_numbers(value: float | str | None, text: str) -> None:
    assert formatting.number(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (-3, "0 s")])
def test_durations(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (3.14159, "3.1"), (42.4, "42"), (854.2, "854"), (123456, "120,000")])
def test_rates(value: float, text: str) -> None:
    assert formatting.rate(value) == text


@pytest.mark.parametrize(("values", "text"), [((3,), "seed 3"), ((0, 1, 2), "seeds 0-2"), ((1, 5), "seeds 1,5")])
def test_seeds(values: tuple[int, ...], text: str) -> None:
    assert formatting.seeds(values) == text


def test_percent_without_a_known_end_is_the_step() -> None:
    assert formatting.percent(canned(300)) == "50 %"
    assert formatting.percent(replace(canned(300), total=None)) == "step 300"


@pytest.mark.parametrize("width", range(20, 200, 7))
def test_rows_fit_their_width_and_keep_what_matters(width: int) -> None:
    row = phase_row(canned(), width)
    assert row.cell_len <= width
    assert row.plain.startswith("running")
    for context in KEYS:
        keys = key_row(context, Phase.RUNNING, width)
        assert keys.cell_len <= width
        assert "? help" in keys.plain


def test_fit_leaves_out_what_would_be_cut() -> None:
    from rich.text import Text

    assert fit([Text("aaaa"), Text("bbbbbbbb"), Text("cc")], 10).plain == "aaaa  cc"


def test_the_sentence_of_a_run_is_not_said_twice() -> None:
    assert sentence_row(canned(sentence="running", notes=("512 of 10,000 points left out",)), 0).plain == "512 of 10,000 points left out"


# ---------------------------------------------------------------- the headless command


@given(
    lr=st.sampled_from([0.0001, 0.05, 0.3, 1.0]),
    n=st.integers(100, 50000),
    noise=st.sampled_from(["uniform", "incorrect"]),
    bias=st.booleans(),
    levels=st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=1, max_size=3),
    preset=st.sampled_from(["quick", "standard", "custom"]),
    seed=st.integers(0, 9),
    count=st.integers(1, 3),
)
def test_the_headless_command_gives_the_same_run(
    lr: float, n: int, noise: str, bias: bool, levels: list[float], preset: str, seed: int, count: int
) -> None:
    config = CannedConfig().changed(lr=lr, n=n, noise=noise, bias=bias, levels=levels)
    seeds = tuple(range(seed, seed + count))
    given_words = shlex.split(run_command(SPEC, canned(config=config.values(), preset=preset, seeds=seeds)))
    assert given_words[:3] == ["genlab", "run", "canned"]
    options = dict(zip(given_words[3::2], given_words[4::2], strict=True))
    start, replicas = int(options.pop("--seed")), int(options.pop("--seeds"))
    assert tuple(range(start, start + replicas)) == seeds
    base = options.pop("--preset")
    assert SPEC.configure(base, {name.removeprefix("--"): value for name, value in options.items()}) == config


def test_the_headless_command_names_a_gpu() -> None:
    assert run_command(SPEC, canned(device="cuda")).endswith("--device cuda")


# ---------------------------------------------------------------- colours and characters


@given(st.text(max_size=40))
def test_ascii_keeps_the_width(text: str) -> None:
    from rich.cells import cell_len

    plain = to_ascii(text)
    assert plain.isascii()
    assert cell_len(plain) == cell_len(text) or any(not character.isprintable() for character in text)


def test_filters_change_characters_and_colours_alone() -> None:
    style = Style.parse("bold red on blue")
    (segment,) = AsciiOnly().apply([Segment("γ → ∞ ▄", style)], Color(0, 0, 0))
    assert (segment.text, segment.style) == ("g > 8 #", style)
    (segment,) = Colourless().apply([Segment("x", style)], Color(0, 0, 0))
    assert segment.style == Style.parse("bold")


def test_the_legend_of_pairs_is_in_order() -> None:
    rows = arranged([LegendEntry("●", index, "label") for index in range(9)], 24)
    assert all(first[0].ink < second[0].ink for first, second in pairwise(rows))
