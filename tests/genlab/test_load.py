"""Stored runs from Python."""

import json

import numpy as np
import pytest

import genlab
from engine.contract import Phase, Start, Stop
from engine.runner import Runner
from tests.engine.running import LONG, moving, phase
from tests.engine.toy_phenomenon import InstantToy


def test_a_stored_run_gives_what_running_it_gave(tmp_path):
    ran = genlab.run(InstantToy, seed=3, seeds=2, runs=tmp_path)
    for given in (ran.folder, str(ran.folder), ran.folder.name):
        found = genlab.load(given, runs=tmp_path)
        assert found.snapshot.phase is Phase.FINISHED and found.folder == ran.folder
        assert found.verdicts == ran.verdicts and found.holds == ran.holds
        assert found.series.keys() == ran.series.keys() and found.arrays.keys() == ran.arrays.keys()
        for name in ran.series:
            np.testing.assert_array_equal(found.series[name].y, ran.series[name].y)
        for name in ran.arrays:
            np.testing.assert_array_equal(found.arrays[name], ran.arrays[name])


def test_it_is_known_by_the_folder_it_lies_in(tmp_path):
    ran = genlab.run(InstantToy, runs=tmp_path)
    moved = ran.folder.rename(tmp_path / "kept")
    found = genlab.load(moved)
    assert found.folder == moved and found.snapshot.run == "kept"


def test_the_usual_place_is_that_of_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path))
    ran = genlab.run(InstantToy, runs=tmp_path)
    assert genlab.load(ran.folder.name).folder == ran.folder


def test_the_folder_of_the_settings_counts_where_nothing_else_is_said(tmp_path, monkeypatch):
    ran = genlab.run(InstantToy, runs=tmp_path / "set")
    (tmp_path / "settings.toml").write_text(f"runs = '{tmp_path / 'set'}'\n")
    monkeypatch.setenv("GENLAB_SETTINGS", str(tmp_path / "settings.toml"))
    monkeypatch.delenv("GENLAB_RUNS", raising=False)
    assert genlab.load(ran.folder.name).folder == ran.folder
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "empty"))
    with pytest.raises(genlab.StoreError, match=r"no run .* in .*empty"):
        genlab.load(ran.folder.name)
    monkeypatch.delenv("GENLAB_RUNS")
    (tmp_path / "settings.toml").write_text("runs = 3\n")
    with pytest.warns(RuntimeWarning, match="line 1: runs must be"), pytest.raises(genlab.UsageError, match="no sweep"):
        genlab.load_sweep("of no such name")


def test_a_run_that_goes_on_is_loaded_as_far_as_it_came(tmp_path):
    run = Runner(InstantToy, InstantToy.spec.configure("quick", {"steps": LONG}), "custom", (0,), root=tmp_path)
    run.post(Start())
    moving(run)
    run.post(Stop())
    phase(run, Phase.STOPPED)
    assert run.close(30.0)
    stopped = run.latest()
    found = genlab.load(stopped.folder)
    assert found.snapshot.phase is Phase.STOPPED and found.snapshot.step == stopped.step
    assert len(found.series["train-loss/0"].x) == len(stopped.series[0].x)


def test_what_cannot_be_loaded_is_a_sentence(tmp_path):
    with pytest.raises(genlab.StoreError, match="no run 'nothing'"):
        genlab.load("nothing", runs=tmp_path)
    with pytest.raises(genlab.StoreError, match=r"no run 'x{40}\.\.\. \(5,000 characters\)'"):
        genlab.load("x" * 5000, runs=tmp_path)
    ran = genlab.run(InstantToy, runs=tmp_path)
    (ran.folder / "latest.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(genlab.StoreError, match="damaged"):
        genlab.load(ran.folder)
    manifest = json.loads((ran.folder / "manifest.json").read_text())
    (ran.folder / "manifest.json").write_text(json.dumps({**manifest, "format": 1}))
    with pytest.raises(genlab.StoreError, match="older genlab"):
        genlab.load(ran.folder)
