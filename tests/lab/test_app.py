"""The app around the screens: what it imports, how it ends, what it keeps."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract import Phase, Session, Snapshot
from engine.errors import StoreError, UsageError
from lab.figure_files import write_beside
from lab.terminal import LastingFile, has_dark_background
from lab.workbench import RealWorkbench, farewell
from tests.lab.cli_toy import TOYS, install
from tests.screens.canned import SPEC, canned

HOME = """
import asyncio, sys
from lab.app import LabApp
from lab.workbench import RealWorkbench

async def main():
    app = LabApp(RealWorkbench())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.cards()

asyncio.run(main())
heavy = {"torch", "scipy", "matplotlib", "mlxtend", "plotext", "sklearn", "rich.markdown"} & set(sys.modules)
assert not heavy, heavy
"""


def test_home_stands_before_anything_heavy_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", HOME], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_without_a_terminal_the_headless_command_is_named() -> None:
    from lab.app import launch

    with pytest.raises(UsageError, match="needs a terminal") as refused:
        launch("random-labels")
    assert refused.value.exit_code == 2
    assert "genlab run random-labels" in refused.value.hint


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"folder": ""}, ""),
        ({"phase": Phase.STOPPED}, "is saved at step 300 of 600; go on with: genlab resume canned-quick-s0"),
        ({"phase": Phase.FINISHED}, "is finished; look at it with: genlab show canned-quick-s0"),
        ({"phase": Phase.RUNNING}, "was cut off near step 300 of 600; go on from its last state with: genlab resume canned-quick-s0"),
        (
            {"phase": Phase.DIVERGED, "sentence": "the loss is lost", "hint": "lower lr"},
            "canned-quick-s0 diverged: the loss is lost lower lr",
        ),
    ],
)
def test_every_kept_run_is_told_with_the_next_command(changes: dict[str, object], words: str) -> None:
    said = farewell(replace(canned(folder="/runs/canned-quick-s0"), **changes))  # type: ignore[arg-type]
    assert said.endswith(words)
    assert bool(said) == bool(words)


def test_figures_are_written_as_text_and_as_data(tmp_path: Path) -> None:
    snapshot = canned()
    text, data = write_beside(tmp_path, SPEC, snapshot)
    for figure in SPEC.figures:
        assert figure.title in text.read_text(encoding="utf-8")
    assert "RL4" in text.read_text(encoding="utf-8")
    read = json.loads(data.read_text(encoding="utf-8"))
    found = {series["name"]: series for figure in read["figures"] for series in figure["series"]}
    assert set(found) == {series.name for series in snapshot.series}
    for series in snapshot.series:
        assert found[series.name]["y"] == series.y.tolist()
    assert [claim["id"] for claim in read["claims"]] == ["RL1", "RL2", "RL3", "RL4"]


def test_a_folder_that_refuses_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write .*figures\.txt"):
        write_beside(tmp_path / "missing", SPEC, canned())


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


# ---------------------------------------------------------------- the workbench over a real runner


@pytest.fixture
def workbench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RealWorkbench:
    import engine.phenomena
    from engine import registry

    monkeypatch.setattr(registry, "entries", registry.entries)
    monkeypatch.setattr(engine.phenomena, "__path__", [*engine.phenomena.__path__, str(TOYS)])
    install()
    return RealWorkbench(root=tmp_path)


def until(session: Session, *phases: Phase) -> Snapshot:
    end = time.monotonic() + 60
    while session.latest().phase not in phases:
        assert time.monotonic() < end, session.latest()
        time.sleep(0.01)
    return session.latest()


def test_a_run_that_is_begun_starts_by_itself_and_is_kept(workbench: RealWorkbench, tmp_path: Path) -> None:
    session = workbench.begin("toy", "quick")
    snapshot = until(session, Phase.FINISHED)
    assert Path(snapshot.folder).parent == tmp_path
    assert "figures.txt and figures.json" in workbench.export(session)
    assert (Path(snapshot.folder) / "figures.json").exists()
    assert workbench.close() == [f"{snapshot.run} is finished; look at it with: genlab show {snapshot.run}"]
    assert not workbench.stuck


def test_closing_stops_and_saves_every_run(workbench: RealWorkbench, tmp_path: Path) -> None:
    from engine.contract import SetKnob

    sessions = [workbench.begin("toy", "quick") for _ in range(2)]
    for session in sessions:
        session.post(SetKnob("steps", 10**8))
        session.post(SetKnob("pause", 0.001))
        end = time.monotonic() + 60
        while session.latest().phase is not Phase.RUNNING or session.latest().config["pause"] != 0.001:
            assert time.monotonic() < end
            time.sleep(0.01)
    said = workbench.close()
    assert len(said) == 2
    assert all("go on with: genlab resume toy-custom-s0" in sentence for sentence in said)
    assert len(list(tmp_path.glob("toy-custom-*/state.json"))) == 2


def test_an_unknown_preset_is_refused_with_the_valid_ones(workbench: RealWorkbench) -> None:
    with pytest.raises(UsageError, match="no preset 'quik' of toy; did you mean quick"):
        workbench.begin("toy", "quik")
