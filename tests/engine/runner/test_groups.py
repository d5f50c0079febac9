"""The order of groups: whatever was drawn first keeps its place, over a run, its interruption and its file."""

import itertools

import numpy as np
import pytest

from engine.contract import Layer, Marker, Picture, Rewind, Series
from engine.runner import FolderSession, resume
from engine.runner.snapshot_maker import Content
from tests.engine.running import finished, folder_of, started, until
from tests.engine.toy_phenomenon import InstantToy


class Growing(InstantToy):
    """Draws a new curve before the others at every tenth step, and drops the oldest."""

    def series(self):
        begun = [step for step in range(self.step + 1) if step % 10 == 0][-3:]
        steps = np.array([1.0, 2.0])
        return tuple(Series(f"curve/{step}", "", steps, steps, group=f"from {step}") for step in reversed(begun))

    def pictures(self):
        layer = Layer("points", self.w.copy(), f"layer at {self.step}", "layer" if self.step > 20 else "")
        return (Picture("plane", "Weights", layers=(layer,), extent=(-3.0, 3.0, -3.0, 3.0)),)


def test_only_curves_count_and_one_without_a_group_goes_by_its_name():
    x = np.zeros(2)
    content = Content(
        series=(Series("one", "", x, x, group="b"), Series("own name", "", x, x), Series("two", "", x, x, group="a")),
        markers=(Marker("f", "x", 1.0, "m", "d"),),
        pictures=(Picture("p", "P", layers=(Layer("points", np.zeros((2, 2)), "l", "c"),)),),
    )
    assert list(content.groups()) == ["b", "own name", "a"]


def test_groups_are_only_ever_appended(runner, hold):
    seen = []
    run = runner(kind=Growing, steps=200, grid=10)
    for step in range(5, 200, 20):
        hold(step)
        run.start()
        until(lambda step=step: run.latest().step == step)
        seen.append(until(lambda step=step: f"from {step - 5}" in run.latest().groups and run.latest()).groups)
    hold()
    seen.append(finished(run).groups)
    for before, after in itertools.pairwise(seen):
        assert after[: len(before)] == before
    assert {f"from {step}" for step in range(0, 200, 20)} <= set(seen[-1])
    assert len(run.latest().series) == 3


def test_a_resumed_run_and_its_file_keep_the_order(runner, hold, tmp_path):
    hold(45)
    run = runner(kind=Growing, steps=100, grid=10, root=tmp_path)
    run.start()
    until(lambda: "from 40" in run.latest().groups)
    run.close(60)
    before = run.latest().groups
    hold()
    path = folder_of(run.latest()).path
    assert folder_of(run.latest()).load_snapshot().groups == before
    again = resume(path, phenomenon=Growing)
    last = started(again)
    assert again.close(60)
    assert last.groups[: len(before)] == before and last.groups[-2:] != before[-2:]
    assert FolderSession(path).latest().groups == last.groups


@pytest.mark.parametrize("instant", [True, False])
def test_another_run_begins_with_its_own_groups(runner, hold, instant):
    kind = type("Kind", (Growing,), {"spec": InstantToy.spec if instant else InstantToy.__mro__[1].spec})
    run = runner(kind=kind, steps=100, grid=10)
    hold(25)
    run.start()
    until(lambda: "from 20" in run.latest().groups)
    hold(0)
    run.post(Rewind())
    until(lambda: [item.name for item in run.latest().series] == ["curve/0"])
    assert run.latest().groups == ("from 0",)
    hold()
    finished(run)
