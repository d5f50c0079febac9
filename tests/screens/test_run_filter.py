"""What is typed to find runs in a list."""

from __future__ import annotations

import pytest

from engine.contract import Phase, Status
from screens.listed_run import ListedRun
from screens.run_filter import SORTS, arranged, chosen, parse

NAMES = {"lr": "knob", "width": "knob", "labels": "knob", "weight_decay": "knob", "grok_step": "value"}
BASE = {"lr": "0.1", "width": "64", "labels": "true"}


def run(name: str, changed: int = 0, **known: object) -> ListedRun:
    return ListedRun(name, changed, True, "grokking", "quick", **{"phase": Phase.FINISHED, "claims": {}, **known})  # type: ignore[arg-type]


RUNS = [
    run("new", 3, knobs={"lr": "0.02"}, claims={Status.HOLDS: 2}, values={"grok_step": 1200.0}, seeds=(3,), size=10),
    run("mid", 2, knobs={"width": "256", "labels": "random"}, claims={Status.HOLDS: 1, Status.FAILS: 2}, phase=Phase.RUNNING, size=30),
    run("old", 1, claims={Status.NOT_RUN: 1}, values={"grok_step": 90.0}, seeds=(0, 1), size=20),
    ListedRun("broken", 0, True, problem="broken is damaged and cannot be read"),
    ListedRun("unread", 0),
]


def knobs(one: ListedRun) -> dict[str, str]:
    return {**BASE, **one.knobs} if one.known and not one.problem else {}


def found(text: str) -> list[str]:
    wanted = parse(text, NAMES)
    assert not wanted.problem
    return [one.name for one in chosen(RUNS, wanted, knobs)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["new", "mid", "old", "broken", "unread"]),
        ("OLD", ["old"]),
        ("grokking", ["new", "mid", "old"]),
        ("grokking -mid", ["new", "old"]),
        ("damaged", ["broken"]),
        ("lr=.02", ["new"]),
        ("lr=1e-1", ["mid", "old"]),
        ("lr=", ["new", "mid", "old", "broken", "unread"]),
        ("width>=100", ["mid"]),
        ("width<100", ["new", "old"]),
        ("labels=Random", ["mid"]),
        ("labels!=random", ["new", "old"]),
        ("grok_step>100", ["new"]),
        ("grok-step<=90", ["old"]),
        ("weight-decay=0", []),
        ("phase=run", ["mid"]),
        ("phase!=running grokking", ["new", "old"]),
        ("preset=quick seed=1", ["old"]),
        ("claims=failed", ["mid"]),
        ("claims=held", ["new"]),
        ("claims=undecided", ["old"]),
        ("claims=n/a", []),
        ("sort=width", ["new", "old", "mid", "broken", "unread"]),
        ("sort=-width", ["mid", "new", "old", "broken", "unread"]),
        ("sort=grok_step", ["old", "new", "mid", "broken", "unread"]),
        ("lr=.1 sort=name", ["mid", "old"]),
    ],
)
def test_what_a_filter_finds(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("lrr=3", "no knob or value is called 'lrr'; did you mean lr?"),
        ("claims=great", "claims are held, failed, undecided or n/a, not 'great'"),
        ("grok_step=soon", "grok_step is compared with a number, not 'soon'"),
        ("phase>running", "phase takes = or !=, not >"),
        ("sort=colour", "runs cannot be sorted by 'colour'"),
        ("x" * 300 + "=1", f"no knob or value is called '{'x' * 40}'"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_hides_nothing(text: str, problem: str) -> None:
    wanted = parse(text, NAMES)
    assert wanted.problem.startswith(problem)
    assert len(chosen(RUNS, wanted, knobs)) == len(RUNS)


@pytest.mark.parametrize(
    ("sort", "first"), [("age", "new"), ("-age", "broken"), ("name", "broken"), ("size", "mid"), ("claims", "mid"), ("phase", "new")]
)
def test_the_usual_orders(sort: str, first: str) -> None:
    assert sort.lstrip("-") in SORTS and arranged(RUNS, sort, knobs)[0].name == first


def test_claims_and_values_are_read_only_where_they_decide() -> None:
    assert not parse("lr=.1 words", NAMES).needs_claims(NAMES) and parse("lr=.1", NAMES).needs_reading
    assert parse("claims=held", NAMES).needs_claims(NAMES) and parse("sort=-grok_step", NAMES).needs_claims(NAMES)
    assert not parse("sort=age", NAMES).needs_reading
