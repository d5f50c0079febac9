"""The terminal around the app: a writer that survives its loss, and what it can show."""

from __future__ import annotations

import io

import pytest

from lab.terminal import LastingFile, has_dark_background


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


@pytest.mark.parametrize(("colours", "dark"), [("", True), ("15;0", True), ("0;15", False), ("0;default;7", False), ("odd", True)])
def test_background(colours: str, dark: bool) -> None:
    assert has_dark_background({"COLORFGBG": colours} if colours else {}) is dark
