"""The whole tour with real runs, an experiment each: every stop's run is finished, says what is right, and its claims are not refuted."""

import time

import numpy as np
import pytest

from engine.contract import Phase, Series, Status
from engine.contract.tour import Number, Sketch
from engine.tour import STOPS
from engine.tour.progress import Progress
from lab.tour.guide import Guide

TOLD = (Status.HOLDS, Status.CENSORED)


EXPERIMENTS = list(dict.fromkeys(stop.experiment for stop in STOPS))
NAMES = ["+".join(stop.name for stop in STOPS if stop.experiment == experiment) for experiment in EXPERIMENTS]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=NAMES)
def test_every_stop_is_answered_by_its_run(experiment, tmp_path):
    guide = Guide(STOPS, threads=1, root=tmp_path / "runs", progress=Progress(STOPS, tmp_path / "tour.json"))
    try:
        for place, stop in enumerate(STOPS):
            if stop.experiment == experiment:
                spec, session = guide.arrive(place)
                while not session.latest().phase.over:  # the time limit of the test is the only one
                    time.sleep(0.1)
                snapshot = session.latest()
                assert snapshot.phase is Phase.FINISHED, (stop.name, snapshot.sentence)
                _answered(stop, spec, snapshot)
    finally:
        assert all(runner.close(60) for runner in guide.end_all())
    assert not (tmp_path / "runs").exists()


def _answered(stop, spec, snapshot):
    """Check that a run says what is right, draws what the stop shows, and refutes no claim of it."""
    found = stop.find(snapshot)
    if isinstance(stop.question, Sketch):
        assert isinstance(found.answer, Series) and np.isfinite(found.answer.y).all(), stop.name
        answer = tuple(found.answer.y.tolist())
    else:
        answer = found.answer
        assert not isinstance(stop.question, Number) or stop.question.lo < answer < stop.question.hi, stop.name
    assert stop.feedback(answer, snapshot)[1].grade == "right", stop.name
    (figure,) = [figure for figure in spec.figures if figure.name == stop.figure]
    drawn = {item.name for item in figure.draws(snapshot.series)}
    assert drawn and all(any(_matches(name, pattern) for name in drawn) for pattern in (*stop.given, *stop.shown)), stop.name
    came = {item.claim.id: item for item in snapshot.verdicts}
    assert all(came[name].status in TOLD for name in stop.claims), (stop.name, [came[name].status for name in stop.claims])


def _matches(name, pattern):
    return name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))
