"""A command line that knows the toy phenomenon."""

import os

import pytest

from engine import registry
from lab.cli.main import main
from tests.lab.command_line import ROOT, TOYS, UNSET
from tests.lab.preloaded import programs


@pytest.fixture(scope="session", autouse=True)
def programs_end():
    """What starts programs in terminals ends with the tests."""
    yield
    if programs.cache_info().currsize:
        programs().close()


@pytest.fixture
def toys(monkeypatch):
    """The toy's distribution is installed for this process."""
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(TOYS))
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (ROOT, TOYS))), prepend=os.pathsep)  # for what the command line starts
        registry.entries.cache_clear()
        yield
    registry.entries.cache_clear()


@pytest.fixture
def genlab(toys, monkeypatch, tmp_path, capfd):
    """A function that runs a command line and returns (exit code, standard output, standard error)."""
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in UNSET:
        monkeypatch.setenv(name, "")  # so that it is unset again afterwards, whatever the command sets
        monkeypatch.delenv(name)

    def run(*args):
        capfd.readouterr()
        code = main(list(args))
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


@pytest.fixture
def run(genlab):
    """Makes a run and returns its name."""

    def made(*args):
        code, out, _ = genlab("run", "toy", "--quiet", *args)
        assert code == 0
        return out.strip()

    return made
