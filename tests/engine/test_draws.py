"""Draws as a part of a state: what is drawn comes back bit for bit, and what is not is not saved."""

import numpy as np

from engine.state import Draws, State

SHAPES = {"risk": (3,), "residual": ()}


def drawn(count: int) -> Draws:
    draws, rng = Draws(4, SHAPES), np.random.default_rng(0)
    for _ in range(count):
        draws.add({"risk": rng.standard_normal(3), "residual": rng.random()})
    return draws


def test_only_finished_draws_are_shown_and_saved() -> None:
    draws = drawn(2)
    assert (draws.done, draws.complete) == (2, False)
    assert draws["risk"].shape == (2, 3) and draws["residual"].shape == (2,)
    assert {name: len(values) for name, values in draws.state().arrays.items()} == {"risk": 2, "residual": 2}
    assert drawn(4).complete


def test_restored_draws_go_on_and_leave_the_saved_ones_alone() -> None:
    whole, saved = drawn(4), drawn(2).state()
    again = Draws(4, SHAPES)
    again.restore(State.of({"part": saved}).part("part"))
    kept = saved.arrays["risk"].copy()
    for place in (2, 3):
        again.add({name: whole[name][place] for name in SHAPES})
    for name in SHAPES:
        np.testing.assert_array_equal(again[name], whole[name])
    again["risk"][:] = 0
    np.testing.assert_array_equal(saved.arrays["risk"], kept)


def test_no_draws_are_complete_at_once() -> None:
    assert Draws(0, SHAPES).complete
