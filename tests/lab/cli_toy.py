"""The command line with one more phenomenon, `toy`: in this process by a fixture, in a child as `python cli_toy.py ARGS`."""

import json
import sys
from pathlib import Path

import pytest

import engine.phenomena
import engine.registry as registry

HERE = Path(__file__).parent
TOYS = HERE / "toys"


def install():
    toy = registry._read(TOYS / "toy.py")
    known = registry.entries()
    registry.entries = lambda: (toy, *known)
    if str(TOYS) not in engine.phenomena.__path__:
        engine.phenomena.__path__.append(str(TOYS))


@pytest.fixture
def genlab(monkeypatch, tmp_path, capfd):
    """A function that runs a command line and returns (exit code, standard output, standard error)."""
    import lab.cli

    monkeypatch.setattr(registry, "entries", registry.entries)
    monkeypatch.setattr(engine.phenomena, "__path__", list(engine.phenomena.__path__))
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_CTYPE", "GENLAB_ASCII", "COLUMNS"):
        monkeypatch.setenv(name, "")  # so that it is unset again afterwards, whatever the command sets
        monkeypatch.delenv(name)
    install()

    def run(*args):
        capfd.readouterr()
        code = lab.cli.main(list(args))
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


def lines(out):
    """The objects of JSON lines, read strictly."""

    def refuse(constant):
        raise ValueError(f"{constant} is not strict JSON")

    return [json.loads(line, parse_constant=refuse) for line in out.splitlines()]


if __name__ == "__main__":
    install()
    from lab.cli import main

    sys.exit(main(sys.argv[1:]))
