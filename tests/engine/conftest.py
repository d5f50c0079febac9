"""Builds runners of the toy phenomenon and closes them."""

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
        assert item.close(timeout=30.0), "the thread did not end"
