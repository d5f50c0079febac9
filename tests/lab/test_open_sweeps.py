"""The sweeps that the app shows, from real folders: which there are, how one is opened, a point's run over it, its export."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.contract import Phase
from engine.errors import StoreError
from engine.registry import spec
from engine.sweeps.folder import SweepFolder
from engine.sweeps.grid import axes_of
from engine.sweeps.manifest import Row, SweepManifest, Table
from engine.sweeps.plan import Plan
from lab.open_sweeps import OpenSweeps, stored_sweeps
from screens.application import ExportRequest
from screens.sweep_screen import SweepScreen
from screens.sweeps_page import SweepsPage
from screens.widgets.palette import Theme


def made(root: Path, grid: str, *rows: Row, name: str = "grokking", created: str = "") -> Path:
    """A sweep that nobody computes any more, as it is left on the disk."""
    declared = spec(name)
    plan = Plan.of(declared, "quick", {}, axes_of(declared, [grid], ()), seeds=1)
    manifest = SweepManifest.of(plan, "cpu", 1, "typed")
    folder, _ = SweepFolder.begin(root, manifest.model_copy(update={"created": created}) if created else manifest)
    folder.save(Table(rows=tuple(rows) + (Row(),) * (len(plan.points) - len(rows))))
    folder.close()
    return folder.path


class Screens:
    """The application's stack of screens."""

    def __init__(self) -> None:
        self.pages: list[object] = []
        self.shown: list[object] = []

    def open(self, page: object) -> None:
        self.pages.append(page)

    def home(self) -> None:
        self.shown.clear()

    def show(self, screen: object) -> None:
        self.shown.append(screen)


@dataclass
class Around:
    """What the sweeps need of the application."""

    root: Path
    drawing: Theme = field(default_factory=Theme)
    screens: Screens = field(default_factory=Screens)
    installed: list[object] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def open_runs(self) -> "Around":
        return self

    def folder(self) -> Path:
        return self.root

    def tell(self, sentence: str, bad: bool = False) -> None:
        self.said.append(sentence)

    def install_screen(self, screen: object, name: str) -> None:
        self.installed.append(screen)

    def uninstall_screen(self, screen: object) -> None:
        self.installed.remove(screen)


class PointRun:
    """Where a point's run is shown."""

    def __init__(self) -> None:
        self.opened: list[tuple[Path, object]] = []
        self.given_back = 0

    def try_to_show(self, path: Path, back: object) -> None:
        self.opened.append((path, back))

    def give_back(self) -> None:
        self.given_back += 1


def test_sweeps_are_listed_newest_first_with_how_far_they_are(tmp_path: Path) -> None:
    ended = Row(phase=Phase.FINISHED, code=0)
    old = made(tmp_path, "wd=.3,1,3", ended, created="2026-01-01T00:00:00+00:00")
    gone = Row(run="run-1", phase=Phase.FINISHED, code=0)
    new = made(tmp_path, "fraction=.2,.4", ended, gone, created="2026-02-01T00:00:00+00:00")
    torn = made(tmp_path, "p=23,31")
    (torn / "sweep.json").write_text("{")
    found = stored_sweeps(tmp_path)
    assert [one.folder for one in found] == [new, old, torn]
    assert [one.words for one in found[:2]] == ["1 of 2 points, 1 deleted  fraction (2)", "1 of 3 points  wd (3)"]
    assert found[2].problem and not found[0].problem and found[0].phenomenon == "grokking"
    assert stored_sweeps(tmp_path / "nothing") == []


def test_a_folder_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        stored_sweeps(tmp_path / "file")


def test_the_page_offers_them_and_what_is_chosen_replaces_the_one_before(tmp_path: Path) -> None:
    first, second = made(tmp_path, "wd=.3,1,3"), made(tmp_path, "fraction=.2,.4")
    around, run = Around(tmp_path), PointRun()
    sweeps = OpenSweeps(around, run)  # type: ignore[arg-type]
    sweeps.offer()
    (page,) = around.screens.pages
    assert isinstance(page, SweepsPage) and {one.folder for one in page._stored()} == {first, second}
    for path in (first, second):
        page._choose(path)
    (screen,) = around.installed
    assert isinstance(screen, SweepScreen) and around.screens.shown == [screen] and run.given_back == 2 and not around.said


def test_a_points_run_is_shown_over_the_sweep_and_leads_back_to_it(tmp_path: Path) -> None:
    around, run = Around(tmp_path), PointRun()
    sweeps = OpenSweeps(around, run)  # type: ignore[arg-type]
    sweeps.open(made(tmp_path, "wd=.3,1,3"))
    (screen,) = around.installed
    sweeps.open_point(tmp_path / "run-1")
    ((path, back),) = run.opened
    around.screens.shown.clear()
    back()  # type: ignore[operator]
    assert path == tmp_path / "run-1" and around.screens.shown == [screen]


@pytest.mark.parametrize("damage", ["gone", "torn"])
def test_one_that_cannot_be_read_is_said_and_nothing_is_taken_away(tmp_path: Path, damage: str) -> None:
    whole, path = made(tmp_path, "fraction=.2,.4"), made(tmp_path, "wd=.3,1,3")
    around = Around(tmp_path)
    sweeps = OpenSweeps(around, PointRun())  # type: ignore[arg-type]
    sweeps.open(whole)
    before = list(around.screens.shown)
    (path / "sweep.json").unlink() if damage == "gone" else (path / "sweep.json").write_text("{")
    sweeps.open(path)
    assert len(around.said) == 1 and around.screens.shown == before and len(around.installed) == 1


def test_its_files_are_named_in_a_sentence(tmp_path: Path) -> None:
    around = Around(tmp_path)
    sweeps = OpenSweeps(around, PointRun())  # type: ignore[arg-type]
    path = made(tmp_path, "wd=.3,1,3", Row(phase=Phase.DIVERGED, code=3))
    sweeps.open(path)
    (screen,) = around.installed
    said = screen._export(ExportRequest("json", tmp_path / "out"))  # type: ignore[attr-defined]
    assert said.startswith(f"Wrote {path.name}.json") and (tmp_path / "out" / f"{path.name}.json").is_file()
