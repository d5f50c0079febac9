"""Double descent: its claims at the quick preset."""

import engine


def test_quick_preset_holds():
    outcome = engine.run("double-descent", digits=0)
    assert {name for name, holds in outcome.holds.items() if holds is False} == set()
