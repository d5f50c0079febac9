"""Builds runners of the toy phenomenon and closes them; breaks disks."""

import os

import pytest


@pytest.fixture
def runner():
    """Return a factory of runners of the instant toy (no torch) that are closed at the end."""
    from engine.runner import Runner, preset_of
    from tests.engine.toy_phenomenon import InstantToy

    made = []

    def make(seeds=(0, 1), *, kind=InstantToy, preset="quick", **options):
        knobs = {name: options.pop(name) for name in list(options) if name in kind.spec.config.model_fields}
        config = kind.spec.configure(preset, knobs)
        made.append(Runner(kind, config, preset_of(kind.spec, config, preset), seeds, **options))
        return made[-1]

    yield make
    for item in made:
        assert item.close(timeout=60.0), "the thread did not end"


@pytest.fixture
def hold(monkeypatch):
    """Return a function that keeps every toy at a step; called without one, it lets them go on."""
    from tests.engine.toy_phenomenon import Toy

    return lambda step=-1: monkeypatch.setattr(Toy, "hold_at", step)


class FullDisk:
    """Refuses every write while `full`."""

    def __init__(self, monkeypatch):
        from engine.store import writer

        self.full = False
        for name in ("write", "replace"):
            monkeypatch.setattr(os, name, self._guarded(getattr(os, name)))
        monkeypatch.setattr(writer, "RETRY", 0.05)

    def _guarded(self, real):
        def call(*given):
            if self.full:
                raise OSError(28, "No space left on device")
            return real(*given)

        return call


@pytest.fixture
def disk(monkeypatch):
    """A disk that can be made full."""
    return FullDisk(monkeypatch)
