"""`genlab.run(...)`: series, arrays and verdicts in Python."""

import threading
import warnings

import numpy as np
import pytest

import genlab
from engine.contract import Phase
from engine.errors import KnobError, ProblemError, StoreError, UsageError
from engine.runner import Runner
from engine.store import RunFolder
from tests.engine.running import LONG, moving, result
from tests.engine.toy_phenomenon import InstantToy


def test_a_run_gives_series_arrays_and_verdicts():
    out = genlab.run(InstantToy, n=30, seed=7, seeds=2)
    assert out.snapshot.phase is Phase.FINISHED and out.snapshot.seeds == (7, 8) and out.snapshot.preset == "custom"
    assert set(out.series) == {"train-loss/7", "train-loss/8"}
    assert out.arrays["X"].shape == (2, 30, 2) and out.holds == {"T1": True, "T2": True} and out.folder is None
    slope = np.linalg.lstsq(out.arrays["X"][0], out.arrays["y"][0], rcond=None)[0][0]
    assert slope == pytest.approx(2, abs=0.05) and out.arrays["w"][0, 0] == pytest.approx(slope, abs=0.05)


def test_presets_bring_their_number_of_seeds():
    assert genlab.run(InstantToy, preset="long").snapshot.seeds == (0, 1)


def test_the_same_seed_gives_the_same_numbers_alone_and_together():
    together, alone = genlab.run(InstantToy, seed=3, seeds=3), genlab.run(InstantToy, seed=5)
    np.testing.assert_array_equal(together.series["train-loss/5"].y, alone.series["train-loss/5"].y)


def test_it_is_stored_when_a_place_is_given(tmp_path):
    out = genlab.run(InstantToy, runs=str(tmp_path))
    assert result(RunFolder.open(out.folder))["phase"] == "finished"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"n": 0}, KnobError),
        ({"preset": "no"}, KnobError),
        ({"seeds": 0}, UsageError),
        ({"seed": -1}, UsageError),
        ({"impossible": True}, ProblemError),
    ],
)
def test_bad_wishes_are_lab_errors(given, error):
    with pytest.raises(error):
        genlab.run(InstantToy, **given)


def test_an_unknown_name_is_a_sentence():
    with pytest.raises(UsageError, match="no phenomenon 'toyy'"):
        genlab.run("toyy")


def test_divergence_is_an_outcome():
    out = genlab.run(InstantToy, diverge_at=50)
    assert out.snapshot.phase is Phase.DIVERGED and len(out.series["train-loss/0"].x) > 5 and out.arrays == {}


def test_a_run_that_its_disk_refuses_warns_and_is_returned(tmp_path, monkeypatch):
    def refuses(self, line):
        raise StoreError("cannot write there: the disk is full", "free some space")

    monkeypatch.setattr(RunFolder, "append_line", refuses)
    with pytest.warns(RuntimeWarning, match="not being stored since step 0: cannot write there: the disk is full"):
        out = genlab.run(InstantToy, runs=tmp_path)
    assert out.snapshot.phase is Phase.FINISHED and out.holds == {"T1": True} | out.holds


def test_an_interrupted_run_is_saved_and_its_thread_ends(tmp_path, monkeypatch):
    def interrupted(self, timeout=None):
        moving(self, 100)
        raise KeyboardInterrupt

    before = threading.active_count()
    monkeypatch.setattr(Runner, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        genlab.run(InstantToy, steps=LONG, runs=tmp_path)
    assert threading.active_count() == before
    (path,) = tmp_path.iterdir()
    assert RunFolder.open(path).load_progress().phase is Phase.STOPPED and RunFolder.open(path).load_state()[1].step >= 100


def test_knobs_without_effect_are_warned_of_where_they_are_given(monkeypatch):
    class Begun(Exception):
        pass

    def begin(*given, **more):
        raise Begun

    monkeypatch.setattr("genlab.outcome.Runner", begin)
    monkeypatch.setattr("genlab.sweeping.at_work", begin)
    for call in (lambda: genlab.run("min-norm", p=2.5, n=12), lambda: genlab.sweep("min-norm", grid={"n": [12, 14]}, p=2.5)):
        with pytest.warns(UserWarning, match="^p has no effect here: it needs param mirror$") as caught, pytest.raises(Begun):
            call()
        assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings(), pytest.raises(Begun):
        warnings.simplefilter("error")
        genlab.sweep("min-norm", grid={"param": ["linear", "mirror"]}, p=2.5)
