"""Makes the toy phenomenon importable by tests and by the processes they start; builds runners and closes them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def runner():
    """Return a factory of runners of the instant toy (no torch) that are closed at the end."""
    from toy_phenomenon import InstantToy

    from engine.runner import Runner, preset_of

    made = []

    def make(seeds=(0, 1), *, kind=InstantToy, preset="quick", **options):
        knobs = {name: options.pop(name) for name in list(options) if name in kind.spec.config.model_fields}
        config = kind.spec.configure(preset, knobs)
        made.append(Runner(kind, config, preset_of(kind.spec, config, preset), seeds, **options))
        return made[-1]

    yield make
    for item in made:
        assert item.close(timeout=30.0), "the thread did not end"
