"""Deep double descent: whole presets decide their claims and fill their views or say what does."""

from fnmatch import fnmatch

import pytest
import torch

from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent
from engine.phenomena.deep_double_descent.networks import networks_of
from tests.phenomena.driven import work

EXACT = {"DDD6", "DDD8"}
WIDE = EXACT | {"DDD1", "DDD2", "DDD3"}


def finished(preset):
    torch.set_num_threads(2)
    spec = DeepDoubleDescent.spec
    run = DeepDoubleDescent(spec.configure(preset), tuple(range(spec.preset(preset).seeds)), "cpu", preset)
    return work(run, budget=5.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "decided"),
    [
        ("quick", WIDE),
        ("standard", WIDE | {"DDD5", "DDD9"}),
        ("mnist1d", EXACT),
        ("mnist1d-notebook", EXACT | {"DDD4"}),
    ],
)
def test_whole_presets_decide_their_claims_and_fill_or_explain_every_view(preset: str, decided: set[str]) -> None:
    run = finished(preset)
    assert {one.claim.id for one in run.verdicts() if one.holds} == decided
    names = [series.name for series in run.series() if series.x.size]
    for figure in run.spec.figures:
        assert any(fnmatch(name, pattern) for name in names for pattern in figure.series) or "knob samples" in figure.empty


def test_other_widths_are_trained_at_every_sample_size_up_to_the_widest_asked_for() -> None:
    config = DeepDoubleDescent.spec.configure("quick", {"h": (7, 30, 90), "sample_h": 30})
    swept = {network.setting.h for network in networks_of(config, (0,)) if network.setting.n != config.n}
    assert swept == {7, 30}
