"""Phenomena of other installed packages: used like genlab's own, and when something is wrong with one, a sentence and no more."""

import asyncio
import json
import os
import signal
import sys

import pytest

from engine import registry
from engine.errors import Exit, UsageError
from lab.app import LabApp
from lab.open_runs import BackgroundRuns, screen_of
from screens.base import PhenomenonScreen
from tests.lab.command_line import finish, lines, start
from tests.lab.foreign import DECLARATION, EXPERIMENT, RELEASE, install

SCREEN = '''"""The screen of the coin."""
from screens.base import PhenomenonScreen

class CoinScreen(PhenomenonScreen):
    """Heads first."""

    VIEWS = ("heads",)
'''
BROKEN = {  # what is wrong: the package's source, and what is said about it
    "torn": ("def", "cannot be read: SyntaxError: invalid syntax"),
    "needy": ("import no_such_module_anywhere", "does not import: ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
    "empty": ('"""Empty: is there anything?"""', "declares no Spec; a phenomenon's package declares exactly one"),
    "twofold": (DECLARATION + "import dataclasses\nOTHER = dataclasses.replace(SPEC, title='Other')\n", "declares 2 Specs"),
    "leaving": ("raise SystemExit('goodbye')", "does not import: SystemExit: goodbye"),
    "hanging": ("from tests.lab.foreign import RELEASE\nRELEASE.wait(60)", "has not imported within 0.2 seconds"),
}


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Installs distributions for this process; the packages are forgotten afterwards."""
    folder = tmp_path / "packages"
    folder.mkdir()
    before = set(sys.modules)
    RELEASE.clear()
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)  # for what the command line starts
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(folder))

        def add(distribution, entry_points, **modules):
            install(folder, distribution, entry_points, **modules)
            registry.entries.cache_clear()

        yield add
    RELEASE.set()
    for name in set(sys.modules) - before:
        if name.split(".")[0] in {path.stem for path in folder.iterdir()}:
            del sys.modules[name]
    registry.entries.cache_clear()


def coin(**more):
    """The modules of a package that is in order."""
    return {"coin_package": DECLARATION, "coin_package__experiment": EXPERIMENT.replace("PACKAGE", "coin_package"), **more}


def test_another_packages_phenomenon_is_used_like_our_own(tmp_path):
    there = install(tmp_path / "packages", "coins", {"coin-package": "coin_package"}, **coin(coin_package__notes=""))
    runs = tmp_path / "runs"

    def genlab(*args):
        return finish(runs, *args, packages=[there])

    listed = lines(genlab("list", "--json")[1])
    assert listed[-1] == {"event": "phenomenon", "name": "coin-package", "title": "Coin", "question": "is it fair?"}
    assert "problem" not in {key for record in listed for key in record}
    assert "--tosses" in genlab("info", "coin-package")[1]
    code, out, err = genlab("run", "coin-package", "--seeds", "2", "--json")
    whole = lines(out)
    assert (code, err) == (0, "")
    assert [row["status"] for row in whole[-1]["claims"]] == ["holds"]
    code, out, _ = genlab("verify", "coin-package", "--json")
    assert (code, lines(out)[-1]["holds"]) == (0, 1)
    with start(runs, "run", "coin-package", "--tosses", "1000000", "--json", packages=[there]) as child:
        first = [json.loads(child.stdout.readline()) for _ in range(5)]
        child.send_signal(signal.SIGTERM)
        before = [*first, *lines(child.stdout.read())]
    assert child.returncode == Exit.INTERRUPTED
    with start(runs, "resume", before[-1]["run"], "--json", packages=[there]) as child:
        onwards = json.loads(child.stdout.readline())
        child.send_signal(signal.SIGTERM)
        child.stdout.read()
    assert onwards["step"] > before[-2]["step"]
    assert child.returncode == Exit.INTERRUPTED


def test_a_resumed_run_of_another_package_gives_the_numbers_of_one_that_was_not_interrupted(installed, genlab, tmp_path):
    installed("coins", {"coin-package": "coin_package"}, **coin())
    with start(tmp_path / "runs", "run", "coin-package", "--tosses", "20000", "--json", packages=[tmp_path / "packages"]) as child:
        first = [json.loads(child.stdout.readline()) for _ in range(5)]
        child.send_signal(signal.SIGTERM)
        before = [*first, *lines(child.stdout.read())]
    assert child.returncode == Exit.INTERRUPTED
    code, out, err = genlab("resume", before[-1]["run"], "--json")
    after = lines(out)
    assert (code, err) == (0, "")
    joined = {record["step"]: record for record in [*before[:-1], *after[:-1]]}
    assert list(joined.values()) == lines(genlab("run", "coin-package", "--tosses", "20000", "--json")[1])[:-1]


@pytest.fixture
def broken(installed, monkeypatch):
    """One package that is in order (beside the toy of the fixture genlab), among those that are not."""
    monkeypatch.setattr(registry, "PATIENCE", 0.2)
    monkeypatch.setattr(registry, "_own", lambda: iter(()))  # nor any of ours, which would only take time
    installed("coins", {"coin-package": "coin_package"}, **coin())
    installed("thieves", {"coin-package": "thief"}, thief=DECLARATION)
    installed("lost", {"lost": "nowhere_at_all"})
    installed("oddly-named", {"Odd Name": "odd"}, odd=DECLARATION)
    for name, (source, _) in BROKEN.items():
        installed(name, {name: f"{name}_package"}, **{f"{name}_package": source})


SENTENCES = {
    **{name: said for name, (_, said) in BROKEN.items()},
    "coin-package": "thief: the name coin-package is taken by coins",
    "lost": "nowhere_at_all of lost is not there",
    "Odd Name": "'Odd Name' of oddly-named is no name of a phenomenon",
}


def test_every_broken_package_is_one_sentence_and_the_others_are_listed(broken, genlab):
    code, out, err = genlab("list")
    assert (code, err) == (0, "")
    table, *sentences = out.split("is it fair?")
    assert "coin-package" in table
    said = " ".join(" ".join(sentences).split())
    for words in SENTENCES.values():
        assert said.count(words) == 1, words
    records = lines(genlab("list", "--json")[1])
    assert records[0] == {"event": "phenomenon", "name": "coin-package", "title": "Coin", "question": "is it fair?"}
    assert records[1]["name"] == "toy"
    assert {record["name"]: set(record) for record in records[2:]} == {name: {"event", "name", "problem"} for name in SENTENCES}
    for record in records[2:]:
        assert SENTENCES[record["name"]] in record["problem"]
        assert "\n" not in record["problem"]


@pytest.mark.parametrize("command", [["info"], ["run"], ["run", "--json"], ["verify"], ["sweep"]])
@pytest.mark.parametrize("name", [*BROKEN, "lost"])
def test_naming_a_broken_package_is_a_sentence(broken, genlab, command, name):
    code, out, err = genlab(command[0], name, *command[1:])
    assert (code, out) == (Exit.USAGE, "")
    assert SENTENCES[name] in err
    assert len(err.splitlines()) <= 2


def test_the_others_run_and_are_verified(broken, genlab):
    assert genlab("run", "coin-package", "--quiet") == (0, "coin-package-quick-s0\n", "")
    code, out, err = genlab("verify", "--quiet")
    assert code == 0
    assert out.rstrip().endswith("2 yes, 0 no, 0 not yet, 1 not run")
    assert len(err.splitlines()) == len(SENTENCES)
    for words in SENTENCES.values():
        assert words in err
    offered = {line.split()[0] for line in genlab("run", "--help")[1].partition("Phenomena:")[2].splitlines() if line.strip()}
    assert {"coin-package", "toy"} <= offered
    assert not {"torn", "lost", "Odd"} & offered


def test_home_shows_what_is_wrong_and_opens_the_others(broken, tmp_path):
    open_runs = BackgroundRuns(root=tmp_path)
    problems = {card.name: card.problem for card in open_runs.phenomena()}
    assert problems["coin-package"] == problems["needy"] == ""  # what importing would show is said when it is opened
    assert sum("SyntaxError" in problem for problem in problems.values()) == 1
    assert len(problems) == len(open_runs.phenomena()), "every card has a name of its own"
    for name in ("needy", "hanging", *(name for name, problem in problems.items() if problem)):
        with pytest.raises(UsageError):
            open_runs.spec(name)

    async def look() -> None:
        app = LabApp(open_runs)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            app.open_phenomenon("needy")
            await pilot.pause()
            assert not isinstance(app.screen, PhenomenonScreen)
            app.open_phenomenon("coin-package")
            await pilot.pause()
            assert type(app.screen) is PhenomenonScreen
            assert app.screen.spec.title == "Coin"

    asyncio.run(look())
    assert open_runs.close() != ["x"]


def test_a_screen_of_its_own_is_taken_and_one_that_is_broken_is_a_sentence(installed):
    installed("coins", {"coin-package": "coin_package"}, **coin(coin_package__screen=SCREEN))
    found = screen_of(registry.find("coin-package"))
    assert (found.__name__, found.VIEWS, issubclass(found, PhenomenonScreen)) == ("CoinScreen", ("heads",), True)
    installed("pence", {"pence": "pence"}, pence=DECLARATION, pence__screen="import no_such_module_anywhere")
    with pytest.raises(UsageError, match=r"pence\.screen does not import: ModuleNotFoundError"):
        screen_of(registry.find("pence"))
    installed("cents", {"cents": "cents"}, cents=DECLARATION, cents__screen=SCREEN + SCREEN.replace("CoinScreen", "Other"))
    with pytest.raises(UsageError, match=r"cents\.screen defines 2 screens"):
        screen_of(registry.find("cents"))


def test_our_own_name_stays_ours(installed):
    installed("thieves", {"min-norm": "thief"}, thief=DECLARATION)
    assert registry.find("min-norm").package == "engine.phenomena.min_norm"
    assert [entry.problem for entry in registry.entries() if entry.package == "thief"] == ["thief: the name min-norm is taken by genlab"]


def test_every_phenomenon_of_ours_has_its_own_screen():
    for name in registry.names():
        assert screen_of(registry.find(name)) is not PhenomenonScreen
