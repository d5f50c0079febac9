"""Several runs in one thread, this one: those that can are trained as one ensemble, and each leaves what it would leave alone.

A run that fails, diverges or is stopped ends by itself. Nothing is started in the background, so whoever has a process to himself, such
as the worker of a sweep, works through as many runs as he likes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.contract import Phase, Snapshot, Start
from engine.interruption import never
from engine.runner.control import Control
from engine.runner.loop import obey, turn
from engine.runner.run import Run
from engine.runner.session import Runner

if TYPE_CHECKING:
    from engine.training.joint import JointTraining, Stretch

SLICE = 0.1  # seconds of joint training between two looks at what is asked of each run
IDLE = 0.02  # seconds to wait where every run is paused


class Together:
    """Runs that are not started, each made with as much `company` as there are.

    Args:
        stop_wanted: whether all should stop, their states saved; asked often, from within long work.
    """

    def __init__(self, runners: Sequence[Runner], stop_wanted: Callable[[], bool] = never) -> None:
        self._controls = {place: runner.control for place, runner in enumerate(runners)}
        self._joint: JointTraining | None = None
        self._in_turn = False  # whether nothing is gained by working them side by side
        for control in self._controls.values():
            control.hearing.outside = stop_wanted

    def latest(self) -> dict[int, Snapshot]:
        """The snapshots of those that are not over, by place."""
        return {place: control.mailbox.latest for place, control in self._controls.items()}

    def work(self) -> Iterator[tuple[int, Snapshot] | None]:
        """Work until every run is over; yields the place of one that is, with its last snapshot, and None from time to time."""
        for control in self._controls.values():
            control.begin(Start())
        while self._controls:
            self._train()
            working = next((place for place, control in self._controls.items() if control.phase.working), None)
            for place, control in list(self._controls.items()):
                ready = control.phase.preparing or not self._in_turn or place == working
                (turn if ready else obey)(control, 0.0)
                if control.phase.over:
                    yield place, self._left(place)
            if not any(control.phase.working for control in self._controls.values()):
                time.sleep(IDLE)
            yield None

    def _left(self, place: int) -> Snapshot:
        control = self._controls.pop(place)
        control.leave()
        control.mailbox.close()
        return control.mailbox.latest

    def _train(self) -> None:
        """Bring networks of one shape nearer to their next measurement; until they are there, nobody else trains them."""
        running = [control for control in self._controls.values() if control.phase is Phase.RUNNING and control.run is not None]
        for control in running:
            _run(control).held = False
        if len(running) < 2:
            return
        try:
            self._train_as_one(running)
        except Exception as error:  # steps were taken by some and not by others: what is on the disk is whole
            for control in running:
                control.fail(error)

    def _train_as_one(self, running: Sequence[Control]) -> None:
        ways = [(_run(control), _run(control).phenomenon.stretches()) for control in running]
        if sum(bool(own) for _, own in ways) < 2:
            return
        joint = self._joint = self._joint or _joint_training()
        groups = joint.joined([stretch for _, own in ways for stretch in own])
        self._in_turn = not groups
        joint.advance(groups, SLICE / max(1, len(groups)))
        trained = {id(stretch.trainer) for group in groups for stretch in group}
        for run, own in ways:
            _hold(run, [stretch for stretch in own if id(stretch.trainer) in trained])


def _hold(run: Run, stretches: Sequence[Stretch]) -> None:
    """Keep a run from training what is not yet where it will be measured."""
    run.held = any(stretch.trainer.taken < stretch.goal for stretch in stretches)
    if run.held:
        run.phenomenon.step = max(run.phenomenon.step, min(stretch.trainer.taken for stretch in stretches))


def _run(control: Control) -> Run:
    assert control.run is not None
    return control.run


def _joint_training() -> JointTraining:
    from engine.training.joint import JointTraining  # torch, which exact phenomena do without

    return JointTraining()
