"""Command lines generated from the commands' own parameters: a documented exit code, a sentence for a mistake, JSON where it is due."""

import contextlib
import io
import json
import os
import shutil
from unittest import mock

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import registry
from engine.data.registry import SOURCES
from engine.errors import Exit
from engine.runner import Runner
from lab.cli.main import command, main
from tests.engine.running import started
from tests.properties.examples import counted, examples

TINY = {"gd_steps": 10, "data": "four-point", "decades": 10}
WORDS = (
    "", "0", "-1", "1", "3", "2.5", "1e3", "1e400", "nan", "inf", "9" * 30, "9" * 5000, "x", "--", "-", "-x", "é", "\x1b[2J", "\u202e",
    "\udcff", "a b", "a=b", "lr=1,2", "width=", "=", ",", "quick", "standard", "custom", "cpu", "auto", "yes", "no", "grokking",
    "max-margin", "groking", "csv", "json", "npz", "digits5k", "list", "max-margin-custom-s0", "max-margin-custom-s1", "missing", "out",
    "notes.txt",
)  # fmt: skip
PLACES = ("runs", "out", "out/deep", "notes.txt", "notes.txt/x", "missing", "")  # relative to a folder of the test
FOLDERS = ("--runs", "--out", "--junit")
OTHERS = st.text(max_size=5).filter(lambda text: "/" not in text and "\\" not in text and "\0" not in text and ".." not in text)


def leaves(group, above=()):
    """Every command with its words; of the phenomena's own commands those of a group stand for all."""
    for name, found in group.commands.items():
        if isinstance(found, click.Group) and found.commands:
            yield from leaves(found, (*above, name))
        else:
            yield (*above, name)


COMMANDS = sorted(leaves(command()))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder with a finished run, one that was stopped, and what is no run."""
    root = tmp_path_factory.mktemp("stored")
    for seed in (0, 1):
        config = registry.spec("max-margin").configure("quick", TINY)
        run = Runner("max-margin", config, "custom", (seed,), threads=1, root=root / "runs")
        started(run)
        assert run.close(60)
    (root / "runs" / "missing").mkdir()
    (root / "notes.txt").write_text("no folder")
    return root


@pytest.fixture
def call(stored, tmp_path, monkeypatch, capfd):
    """Run a command line in the test's folder with nothing that takes long; return (exit code, standard output, standard error)."""
    from lab.running import single

    compute = single._compute

    def tiny(make, title, told, *more):
        return 0 if " " in title and "tiny" not in os.environ else compute(make, title, told, *more)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(single, "_compute", tiny)
    long = ("lab.running.single.detach", "lab.running.sweep_report.run_sweep", "lab.running.verify.Verifier.run", "lab.bench.report.run")
    for place in long:
        monkeypatch.setattr(place, lambda *given, **named: 0)
    monkeypatch.setattr("engine.data.registry.SOURCES", {"digits196": SOURCES["digits196"]})

    def run(args, **environ):
        shutil.rmtree(tmp_path, ignore_errors=True)
        shutil.copytree(stored, tmp_path)
        os.chdir(tmp_path)
        with mock.patch.dict(os.environ, {"GENLAB_RUNS": str(tmp_path / "runs"), **environ}), contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch("sys.stdin", io.StringIO("")))
            code = main(args)
        return code, *capfd.readouterr()

    return run


def check(args, code, out, err):
    """What every command line keeps to."""
    assert code in set(map(int, Exit)), (args, code)
    assert "Traceback" not in err and "defect of genlab" not in err and "inside genlab" not in err, (args, err)
    said = [line for line in err.splitlines() if line.startswith("genlab: ")]
    assert said or code in (Exit.DONE, Exit.CLAIM_FAILED), (args, code, err)
    assert "\x1b" not in out + err and "\u202e" not in out + err, (args, out, err)
    if "--json" in args and "--help" not in args and "--version" not in args and "--" not in args:
        for line in out.splitlines():
            assert isinstance(json.loads(line), dict), (args, line)


def options(words):
    """A strategy of options with values for a command."""
    found = command()
    for word in words:
        found = found.get_command(click.Context(found), word)
    names = [name for param in found.params for name in param.opts if name.startswith("-")]
    values = st.sampled_from(WORDS) | OTHERS
    pairs = st.sampled_from([*names, "--json", "--help", "--debugs", "--ascii"]).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(PLACES) if name in FOLDERS else values)
    )
    flags = st.sampled_from([*names, "--json", "--quiet", "--help"]).filter(lambda name: name not in FOLDERS).map(lambda name: (name,))
    joined = pairs.map(lambda pair: ("=".join(pair),))
    single = values.map(lambda value: (value,))
    return st.lists(pairs | flags | joined | single, max_size=5).map(lambda parts: [word for part in parts for word in part])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_commands(call, words):
    known = {"rm", "show", "compare", "export", "watch", "resume"} & set(words)
    given_first = st.sampled_from([["max-margin-custom-s0"], ["max-margin-custom-s0", "max-margin-custom-s1"], []] if known else [[]])

    @examples(1 if {"doctor", "bench"} & set(words) else 10)
    @given(first=given_first, rest=options(words))
    @counted
    def attempt(first, rest):
        args = [*words, *first, *(word for word in rest if word not in ("--debug", "-o"))]
        check(args, *call(args))

    attempt()


@pytest.mark.parametrize("words", [("run",), ("sweep",)])
def test_commands_of_phenomena(call, words):
    strategies = {name: options((*words, name)) for name in registry.names()}

    @examples(20)
    @given(data=st.data())
    @counted
    def attempt(data):
        name = data.draw(st.sampled_from(registry.names()))
        grid = data.draw(st.sampled_from(([], ["--grid", "seed=1"], ["--grid", "wd=0,1"]))) if words == ("sweep",) else []
        args = [*words, name, *grid, *(word for word in data.draw(strategies[name]) if word != "--debug")]
        check(args, *call(args))

    attempt()


def test_runs_that_compute(call):
    knobs = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    flags = st.lists(st.sampled_from(["--json", "--quiet", "--seeds=2", "--seed=7", "--threads=1"]), unique=True)

    @examples(4)
    @given(flags=flags, place=st.sampled_from(("runs", "out/deep", "notes.txt")))
    @counted
    def attempt(flags, place):
        args = ["run", "max-margin", *knobs, *flags, "--runs", place]
        code, out, err = call(args, tiny="yes")
        check(args, code, out, err)
        assert code == (Exit.RUN_FAILED if place == "notes.txt" else Exit.DONE), (args, err)

    attempt()
