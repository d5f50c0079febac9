"""What the next command takes for a run, wherever it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.store import called, choose_root, runs_root
from engine.store.place import removal


def test_a_run_in_the_usual_place_is_called_by_its_name_and_elsewhere_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "usual"))
    assert called(tmp_path / "usual" / "a") == "a"
    assert called(tmp_path / "other" / "a") == str(tmp_path / "other" / "a")


def test_a_folder_that_only_this_process_chose_is_not_where_the_next_command_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "usual"))
    choose_root(tmp_path / "chosen")
    assert runs_root() == tmp_path / "chosen"
    assert called(tmp_path / "chosen" / "a") == str(tmp_path / "chosen" / "a")
    assert called(tmp_path / "usual" / "a") == "a"


def test_deleting_a_run_names_the_folder_where_that_is_not_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "usual"))
    assert removal(tmp_path / "usual" / "a") == "genlab rm a"
    assert removal(tmp_path / "my runs" / "a") == f"genlab rm a --runs '{tmp_path / 'my runs'}'"
