"""Removing a run: decided first, then one move, then deleted; nothing beyond the run is touched, whatever refuses."""

import os

import pytest

from engine.errors import StoreError
from engine.store import find_run, list_runs, remove_run
from tests.engine.store.folders import with_everything


@pytest.fixture
def path(tmp_path):
    return with_everything(tmp_path / "runs")


def contents(folder):
    return sorted(str(item.relative_to(folder)) for item in folder.rglob("*"))


def test_from_within(path, monkeypatch):
    monkeypatch.chdir(path)
    remove_run(find_run(path.parent, "."), path.parent)
    assert contents(path.parent) == []


@pytest.mark.parametrize("kind", ["a folder named as a file of ours", "a folder", "a file"])
def test_what_is_not_ours_keeps_the_whole_run(path, kind):
    strange = path / ("log.txt" if "ours" in kind else "thesis")
    strange.mkdir() if "folder" in kind else strange.write_text("mine")
    before = contents(path.parent)
    with pytest.raises(StoreError, match="which genlab did not write"):
        remove_run(path, path.parent)
    assert contents(path.parent) == before


def test_outside_of_the_runs_folder(path, tmp_path):
    outside = with_everything(tmp_path / "elsewhere")
    for name in (outside, path.parent / ".." / "elsewhere" / outside.name):
        with pytest.raises(StoreError, match="does not lie in"):
            remove_run(name, path.parent)
    assert (outside / "manifest.json").exists()


def test_a_link_in_the_run_is_removed_and_not_followed(path, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("mine")
    (path / "log.txt").symlink_to(secret)
    remove_run(path, path.parent)
    assert not path.exists() and secret.read_text() == "mine"


def test_a_link_to_a_run_is_refused(path):
    link = path.parent / "link"
    link.symlink_to(path)
    with pytest.raises(StoreError, match="links are not followed"):
        remove_run(link, path.parent)
    assert (path / "manifest.json").exists()


@pytest.mark.parametrize("number", range(12))
def test_a_disk_that_refuses_at_any_call_leaves_a_run_or_none(path, monkeypatch, number):
    calls = []

    def moody(real):
        def call(*given, **named):
            calls.append(real)
            if len(calls) == number + 1:
                raise PermissionError(13, "Permission denied")
            return real(*given, **named)

        return call

    whole = contents(path)
    with monkeypatch.context() as patch:
        for name in ("rename", "unlink", "rmdir"):
            patch.setattr(os, name, moody(getattr(os, name)))
        try:
            remove_run(path, path.parent)
        except StoreError as error:
            said = error.message
        else:
            said = ""
    if number == 0:
        assert "permission denied" in said and contents(path) == whole
    else:
        assert not path.exists() and list_runs(path.parent) == []
        assert ("some of it is left" in said) == (len(calls) > number)
