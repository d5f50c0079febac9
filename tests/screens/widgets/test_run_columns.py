"""Columns of a run list: what tells runs apart, and the room that each column takes."""

from __future__ import annotations

import time
from dataclasses import replace

from engine.contract import Status
from screens.widgets.run_columns import columns_of, row, telling
from tests.screens.canned_runs import ALIKE, made


def test_what_no_run_differs_in_comes_last_and_other_phenomena_do_not_count() -> None:
    other = made("x", phenomenon="other", knobs={"p": "7"})
    damaged = made("y", problem="it is torn", knobs={"p": "9"})
    found = telling([*ALIKE, other, damaged, replace(ALIKE[0], known=False, knobs={"p": "5"})])
    assert found == {"canned": ("fraction", "wd"), "other": ()}
    usual = {"fraction": "0.5", "wd": "1"}
    words = row(ALIKE[1], columns_of(160), 0, time.time_ns(), lambda run, name: usual[name], found).plain
    assert "fraction .5, wd 2, p 23" in words, "what tells it apart from others is told where it is as in the preset"


def test_names_and_claims_leave_the_room_that_they_do_not_need_to_the_knobs() -> None:
    runs = [replace(run, claims={Status.HOLDS: 2}) for run in ALIKE]
    columns = {column.name: column for column in columns_of(160, runs=runs)}
    assert columns["run"].width == len("grokking-custom-s0x2-0") and columns["claims"].width < 12
    words = row(runs[2], tuple(columns.values()), 0, time.time_ns(), lambda run, name: "", telling(runs)).plain
    assert words.endswith("fraction .8, wd 2, p 23, width 64, steps 1000") and len(words) <= 160
