"""Deep double descent: whole presets decide their claims, and what every preset leaves to be seen."""

from fnmatch import fnmatch

import pytest
import torch

from engine.phenomena.deep_double_descent import DeepDoubleDescent
from engine.studies.deep_double_descent.members import members_of


def finished(preset):
    torch.set_num_threads(2)
    spec = DeepDoubleDescent.spec
    run = DeepDoubleDescent(spec.configure(preset), tuple(range(spec.preset(preset).seeds)), "cpu", preset)
    while not run.done:
        if run.due():
            run.history.append(run.step, run.measure())
        run.advance(5.0)
    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "decided"),
    [("quick", {"DDD1", "DDD2", "DDD3", "DDD6", "DDD8"}), ("standard", {"DDD5", "DDD9"}), ("digits5k", {"DDD1", "DDD2", "DDD3"})],
)
def test_whole_presets_decide_their_claims_and_fill_every_view(preset: str, decided: set[str]) -> None:
    run = finished(preset)
    assert {one.claim.id for one in run.verdicts() if one.holds} == decided
    names = [series.name for series in run.series() if series.x.size]
    for figure in run.spec.figures:
        assert any(fnmatch(name, pattern) for name in names for pattern in figure.series), figure.name


@pytest.mark.parametrize("preset", [preset.name for preset in DeepDoubleDescent.spec.presets])
def test_views_without_data_say_what_fills_them(preset: str) -> None:
    config = DeepDoubleDescent.spec.configure(preset)
    if not any(member.n != config.n for member in members_of(config, 1)):
        empty = [figure.empty for figure in DeepDoubleDescent.spec.figures if figure.name in ("samples", "emc")]
        assert all("knob samples" in sentence for sentence in empty)


def test_other_widths_are_trained_at_every_sample_size_up_to_the_widest_asked_for() -> None:
    config = DeepDoubleDescent.spec.configure("quick", {"h": (7, 30, 90), "sample_h": 30})
    swept = {member.h for member in members_of(config, 1) if member.n != config.n}
    assert swept == {7, 30}
