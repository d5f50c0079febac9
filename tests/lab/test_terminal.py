"""The terminal around the app: a writer that survives its loss, and what it can show."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from lab.terminal import LastingFile, load_tmux_buffer


class Lost(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")

    flush = write  # type: ignore[assignment]


def test_a_lost_terminal_takes_everything_and_raises_nothing() -> None:
    file = LastingFile(Lost())
    file.write("gone")
    file.flush()
    file.write("still")
    assert file.gone
    assert file.count == 9


def test_a_terminal_that_stands_gets_everything() -> None:
    target = io.StringIO()
    file = LastingFile(target)
    file.write("here")
    file.flush()
    assert target.getvalue() == "here"
    assert not file.gone


def test_copying_reaches_the_buffer_of_the_tmux_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    assert not load_tmux_buffer("genlab run toy")
    tmux = tmp_path / "tmux"
    tmux.write_text(
        f'#!/bin/sh\n[ "$2" = -w ] && exit 1\n[ "$*" = "load-buffer -" ] && cat > {tmp_path}/buffer\n'
    )  # an old one, without -w
    tmux.chmod(0o755)
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert load_tmux_buffer("genlab run toy") and (tmp_path / "buffer").read_text() == "genlab run toy"
    tmux.write_text("#!/bin/sh\nexit 1\n")
    assert not load_tmux_buffer("genlab run toy")
