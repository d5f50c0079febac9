"""The four streams: independent, reproducible, restorable."""

import json

import numpy as np

from engine.seeds import seed_range, streams


def test_streams_differ_from_each_other_and_between_seeds() -> None:
    draws = [getattr(streams(seed), name).random(4) for seed in (0, 1) for name in ("data", "noise", "init", "order")]
    assert len({tuple(draw) for draw in draws}) == 8


def test_one_stream_does_not_move_when_another_is_used() -> None:
    used, fresh = streams(3), streams(3)
    used.data.random(1000)
    np.testing.assert_array_equal(used.init.random(5), fresh.init.random(5))


def test_draws_of_one_seed_differ_and_the_first_is_the_seed_itself() -> None:
    draws = [tuple(streams(seed, draw).data.random(4)) for seed in (0, 1) for draw in range(3)]
    assert len(set(draws)) == 6
    assert draws[3] == tuple(np.random.default_rng(np.random.SeedSequence(1).spawn(4)[0]).random(4))


def test_state_survives_json() -> None:
    first = streams(5)
    first.order.permutation(7)
    saved = json.loads(json.dumps(first.state()))
    expected = first.order.permutation(100)
    second = streams(5)
    second.restore(saved)
    np.testing.assert_array_equal(second.order.permutation(100), expected)


def test_replicas_have_consecutive_seeds() -> None:
    assert seed_range(7, 3) == (7, 8, 9)
