"""Runs of other formats: one sentence and what to do, wherever they are opened; they take nothing else down."""

import json

import pytest

from engine.errors import StoreError
from engine.runner import FolderSession, resume
from engine.store import FORMAT, Manifest, OlderFormat, RunFolder, find_run, list_runs, remove_run
from tests.engine.store.folders import MANIFEST, with_everything
from tests.engine.toy_phenomenon import InstantToy


@pytest.fixture
def other(tmp_path):
    """Return a function that makes a folder of some format, in which everything else is as this format has it."""

    def make(number, **changed):
        path = with_everything(tmp_path / "runs")
        manifest = path / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": number, **changed}))
        return path

    return make


@pytest.fixture
def older(other):
    """A run as the first genlab left it: verdicts said whether they hold, not what became of them."""
    path = other(1)
    (path / "result.json").write_text('{"phase":"finished","claims":[{"id":"T1","holds":true}]}')
    (path / "state.json").write_text('{"phase":"finished","sentence":"finished at step 300","hint":"","step":300,"total":300}')
    return path


def test_this_is_format_2():
    assert FORMAT == 2 and Manifest.model_validate(MANIFEST.model_dump()).format == 2


@pytest.mark.parametrize(
    "reopen",
    [
        RunFolder.open,
        lambda path: RunFolder.open(path, writable=True),
        lambda path: resume(path, phenomenon=InstantToy),
        FolderSession,
        lambda path: RunFolder.open(find_run(path.parent, path.name)),
    ],
    ids=["show, compare, export", "writing", "resume", "watch", "by name"],
)
def test_an_older_run_is_refused_with_what_to_do_and_left_as_it_is(older, reopen):
    before = {path.name: path.read_bytes() for path in older.iterdir()}
    with pytest.raises(OlderFormat) as caught:
        reopen(older)
    assert caught.value.message == f"run {older.name} was written by an older genlab (format 1; this one reads format 2)"
    assert "genlab run" in caught.value.hint and f"genlab rm {older.name}" in caught.value.hint
    assert {path.name: path.read_bytes() for path in older.iterdir()} == before


def test_the_listing_shows_it_among_the_others(older):
    now = with_everything(older.parent)
    found = {run.name: run for run in list_runs(older.parent)}
    assert found[older.name].problem == "older format" and found[older.name].phase is None
    assert found[now.name].problem == "" and found[now.name].phenomenon == "toy"


def test_it_can_be_removed(older):
    remove_run(older)
    assert not older.exists()


def test_a_run_from_a_newer_version_is_refused(other):
    path = other(FORMAT + 1, seeds="in a new way")
    with pytest.raises(StoreError, match=f"newer genlab .format {FORMAT + 1}; this one reads format {FORMAT}") as caught:
        RunFolder.open(path)
    assert "update" in caught.value.hint
    (entry,) = list_runs(path.parent)
    assert "newer genlab" in entry.problem


@pytest.mark.parametrize("number", [None, "2", 1.5, [2]])
def test_a_format_that_is_no_number_is_damage(other, number):
    with pytest.raises(StoreError, match=r"manifest\.json is damaged"):
        RunFolder.open(other(number))
