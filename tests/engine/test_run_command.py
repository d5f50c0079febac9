"""The command that repeats a run gives the same run."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from engine.contract.run_command import run_command
from tests.screens.canned import SPEC, CannedConfig


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
def test_the_command_gives_the_same_run(
    lr: float, n: int, noise: str, bias: bool, levels: list[float], preset: str, seed: int, count: int
) -> None:
    config = CannedConfig().changed(lr=lr, n=n, noise=noise, bias=bias, levels=levels)
    seeds = tuple(range(seed, seed + count))
    given_words = shlex.split(run_command(SPEC, preset, config.values(), seeds, "cpu", threads=2))
    assert given_words[:3] == ["genlab", "run", "canned"]
    options = dict(zip(given_words[3::2], given_words[4::2], strict=True))
    start, replicas = int(options.pop("--seed")), int(options.pop("--seeds"))
    assert tuple(range(start, start + replicas)) == seeds
    assert (options.pop("--device"), options.pop("--threads")) == ("cpu", "2")
    base = options.pop("--preset")
    assert SPEC.configure(base, {name.removeprefix("--"): value for name, value in options.items()}) == config


def test_the_run_command_names_the_device_and_no_threads_that_are_not_known() -> None:
    assert run_command(SPEC, "quick", CannedConfig().values(), (0,), "cuda").endswith("--seeds 1 --device cuda")
