"""A run that nobody looks at draws for its folder and at its end alone, and ends with what a watched one ends with."""

import pytest

from engine.errors import StoreError
from engine.runner.snapshot_maker import same
from tests.engine.running import finished, folder_of, started, until
from tests.engine.toy_phenomenon import InstantToy

SHOWN = ("series", "pictures", "markers", "verdicts", "scalars", "headline", "values", "notes", "details", "groups")


class Counting(InstantToy):
    """Counts how often it is drawn."""

    drawn = 0

    def series(self):
        type(self).drawn += 1
        return super().series()


def drawn(snapshot):
    """What the folder of a run shows, once that has more of its curves than their first point."""
    try:
        found = folder_of(snapshot).load_snapshot()
    except StoreError:  # none yet
        return None
    return found if found.series and found.series[0].x[-1] > 0 else None


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    monkeypatch.setattr(Counting, "drawn", 0)


def test_without_a_folder_only_the_end_is_drawn_and_the_values_are_those_of_the_last_measurement(runner, hold):
    hold(200)
    run = runner(kind=Counting, steps=400, grid=10, watched=False)
    run.start()
    until(lambda: run.latest().step == 200 and "mean-loss" in run.latest().values)
    assert (Counting.drawn, run.latest().series) == (0, ())
    hold()
    last = finished(run)
    assert Counting.drawn == 1 and last.series[0].x[-1] == 400
    assert last.values["mean-loss"] == run.control.run.phenomenon.history.records[-1]["mean-loss"]


def test_the_end_is_that_of_a_watched_run(runner, tmp_path):
    one, other = (started(runner(steps=300, grid=10, watched=watched, root=tmp_path / str(watched))) for watched in (True, False))
    assert all(same(getattr(one, name), getattr(other, name)) for name in SHOWN)
    first, second = (folder_of(snapshot).load_snapshot() for snapshot in (one, other))
    assert all(same(getattr(first, name), getattr(second, name)) for name in SHOWN)


def test_a_folder_is_drawn_for_while_the_run_goes_on(runner, hold, tmp_path):
    hold(200)
    run = runner(kind=Counting, steps=400, grid=10, watched=False, root=tmp_path)
    run.start()
    until(lambda: run.latest().folder)
    stored = until(lambda: drawn(run.latest()))
    assert stored.series[0].x[-1] <= stored.step <= 200 and stored.verdicts
    hold()
    last = finished(run)
    assert same(folder_of(last).load_snapshot().series, last.series)
