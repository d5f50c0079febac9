"""What every phenomenon shows before it has measured anything: a run may be paused, or its terminal resized, at that moment."""

from __future__ import annotations

import pytest

from engine import registry
from engine.runner.snapshot_maker import Content
from tests.faults.extremes import built


@pytest.mark.parametrize("name", registry.names())
def test_it_can_be_shown(one_thread: None, name: str) -> None:
    phenomenon = built(name, "", None)
    shown = Content.of(phenomenon)
    drawn = {series.name for series in shown.series}
    assert len(drawn) == len(shown.series)
    assert all(series.x.shape == series.y.shape for series in shown.series)
    assert {picture.name for picture in shown.pictures} <= {picture.name for picture in phenomenon.spec.pictures}
