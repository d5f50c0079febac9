import sys

import numpy as np
import pytest

from engine import device
from engine.config import Config
from engine.contract import Layer, Phase, Picture, Verdict, knob
from engine.errors import Diverged, KnobError, UsageError
from engine.runner import timing, words
from engine.runner.display import same_pictures
from engine.runner.setup import Setup, changes, checked, preset_of
from tests.engine.toy_phenomenon import CLAIM, SPEC, ToyConfig


class Clock:
    """Time that a test moves."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(timing.time, "monotonic", lambda: self.now)


def test_a_throttle_keeps_the_interval_and_the_share(monkeypatch):
    clock = Clock(monkeypatch)
    throttle = timing.Throttle(2.0, 0.02)
    assert not throttle.due()
    clock.now += 2
    assert throttle.due()
    with throttle.spending():
        clock.now += 0.5  # it took half a second, so it may be done again 25 s later
    clock.now += 24.9
    assert not throttle.due()
    clock.now += 0.2
    assert throttle.due()
    assert timing.Throttle(2.0, at_once=True).due()


def test_the_rate_follows_and_pauses_do_not_count(monkeypatch):
    clock = Clock(monkeypatch)
    meter = timing.Meter(elapsed=10.0)
    meter.go(0)
    for step in range(100, 1100, 100):
        clock.now += 0.2
        meter.tick(step)
    assert meter.rate == pytest.approx(500)
    assert meter.elapsed == pytest.approx(12)
    assert meter.eta(1000, 2000) == pytest.approx(2) and meter.eta(1000, None) is None
    meter.hold(1000)
    clock.now += 100
    meter.tick(1000)
    meter.go(1000)
    for step in range(1010, 1510, 10):
        clock.now += 0.2
        meter.tick(step)
    assert meter.rate == pytest.approx(50, rel=0.05)
    assert meter.elapsed == pytest.approx(22)
    assert timing.Meter().eta(0, 10) is None


def test_a_setup_follows_wishes():
    setup = Setup(SPEC, ToyConfig(), "quick", (3, 4))
    assert setup.turned("steps", "1000").preset == "long"
    assert setup.turned("lr", 0.1).preset == "custom" and setup.turned("lr", 0.1).turned("lr", 0.05) == setup
    assert setup.preset_to("long").seeds == (3, 4) and setup.preset_to("quick").seeds == (3,)
    assert setup.reseeded(None).seeds == (5, 6) and setup.reseeded(0).seeds == (0, 1)
    for seeds in ((), (-1,), (2**31,)):
        with pytest.raises(UsageError):
            checked(seeds)
    assert changes(setup.config, {"lr": "0.05", "n": "30"}) == {"n": (20, 30)}
    with pytest.raises(KnobError):
        changes(setup.config, {"n": "x"})


def test_a_preset_with_the_same_knobs_keeps_its_own_name():
    assert preset_of(SPEC, ToyConfig(), "long") == "quick"
    assert preset_of(SPEC, ToyConfig(steps=1000), "quick") == "long"


def test_the_end_counts_claims():
    def verdict(holds, note=""):
        return Verdict(CLAIM, 1.0, 1.0, holds, note)

    said = words.finished(1200, "step", [verdict(True), verdict(True), verdict(False), verdict(None), verdict(None, "needs preset long")])
    assert said.sentence == "finished at step 1,200; claims: 2 hold, 1 fails, 1 undecided"
    assert words.finished(5, "draw", []).sentence == "finished at draw 5"


class NoRate(Config):
    depth: int = knob(1, "layers", ge=1, le=4)


def test_divergence_names_step_and_knob_once():
    said = words.trouble(Diverged("the loss is inf at step 1,200"), 1200, "step", ToyConfig())
    assert said == words.Standing(Phase.DIVERGED, "the loss is inf at step 1,200", "lower learning rate (it is 0.05)")
    assert words.trouble(Diverged("inf", "lower alpha"), 7, "step", NoRate()).hint == "lower alpha"
    assert words.trouble(FloatingPointError("overflow"), 7, "step", NoRate()).sentence == "overflow at step 7"
    assert words.trouble(Diverged("inf"), 7, "step", NoRate()).hint == "lower the learning rate"


def test_one_lost_member_is_not_divergence():
    words.require_finite({"train-loss": [1.0, float("nan")], "risk": float("inf"), "loss-name": "text", "test-loss": []})
    with pytest.raises(Diverged, match="test loss is no longer"):
        words.require_finite({"test-loss": [float("inf"), float("nan")]})


def test_equal_pictures_are_recognised():
    values = np.arange(6.0).reshape(2, 3)
    layer = Layer("path", np.ones((2, 2)), "l")
    one = (Picture("p", "P", values, (layer,), extent=(0, 1, 0, 1)),)
    assert same_pictures(one, (Picture("p", "P", values.copy(), (Layer("path", np.ones((2, 2)), "l"),), extent=(0, 1, 0, 1)),))
    for other in (
        (),
        (Picture("p", "P", values + 1, (layer,), extent=(0, 1, 0, 1)),),
        (Picture("p", "P", None, (layer,), extent=(0, 1, 0, 1)),),
        (Picture("p", "P", values, (), extent=(0, 1, 0, 1)),),
        (Picture("p", "P", values, (Layer("path", np.zeros((2, 2)), "l"),), extent=(0, 1, 0, 1)),),
        (Picture("p", "Q", values, (layer,), extent=(0, 1, 0, 1)),),
        (Picture("p", "P", values.T, (layer,), extent=(0, 1, 0, 1)),),
    ):
        assert not same_pictures(one, other)


@pytest.mark.parametrize(
    ("cores", "physical", "asked", "threads"),
    [
        (2, 2, "", 1),
        (1, 1, "", 1),
        (16, 8, "", 8),
        (8, 8, "", 7),
        (8, None, "", 7),
        (8, 8, "2", 2),
        (8, 8, "64", 7),
        (8, 8, "4,2", 4),
        (8, 8, "x", 7),
    ],
)
def test_one_core_is_left_to_the_interface(monkeypatch, cores, physical, asked, threads):
    import psutil

    monkeypatch.setattr(device.os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: physical)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert device.default_threads() == threads


def test_devices_are_resolved_without_torch_where_there_is_no_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would fail
    assert device.resolve_device("cpu") == "cpu"
    monkeypatch.setattr(device, "_has_driver", lambda: False)
    assert device.resolve_device("auto") == "cpu"


def test_cuda_is_taken_where_it_is(monkeypatch):
    import torch

    monkeypatch.setattr(device, "_has_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.resolve_device("auto") == device.resolve_device("cuda") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.resolve_device("auto") == "cpu"
    with pytest.raises(UsageError, match="device cuda is not there") as caught:
        device.resolve_device("cuda")
    assert "--device cpu" in caught.value.hint
    with pytest.raises(UsageError, match="device must be one of auto, cpu, cuda, got gpu"):
        device.resolve_device("gpu")
