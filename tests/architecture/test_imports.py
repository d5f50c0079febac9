"""Who imports whom: one direction, and nothing heavy before it is needed. Seen in processes of their own."""

import json
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT, imports, modules

HEAVY = ("torch", "scipy")
OF_THE_INTERFACE = ("textual", "rich", "typer", "plotext", "textual_plotext", "screens", "lab")

PHENOMENA = [path.parent.name for path in modules() if path.match("engine/phenomena/*/__init__.py")]


def loaded(code: str) -> set[str]:
    """The top-level modules in sys.modules of a fresh process after `code`."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})), file=sys.__stdout__)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


LIGHT = {
    "the vocabulary": "import engine.contract, engine.phenomenon, engine.config, engine.seeds",
    "names and titles": "from engine import registry; registry.entries()",
    "the store": "from pathlib import Path; from engine.store import list_runs, runs_root; list_runs(runs_root(Path('/nowhere')))",
    "making a runner": (
        "from engine.runner import Runner; from tests.engine.toy_phenomenon import Toy, ToyConfig; import threading\n"
        "run = Runner(Toy, ToyConfig(), 'quick', (0,)); run.latest(); run.close(); assert threading.active_count() == 1"
    ),
    "a closed form run to its end": (
        "import genlab; from tests.engine.toy_phenomenon import InstantToy\nassert genlab.run(InstantToy).snapshot.phase == 'finished'"
    ),
    "watching a run": "import engine.runner.watching",
    "every screen": "import screens.base, screens.home\n" + "\n".join(f"import screens.{name}" for name in PHENOMENA),
    "every declaration": "from engine import registry\nfor name in registry.names(): registry.spec(name)",
    "genlab --help": "from lab.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    "genlab list": "from lab.cli.main import main\ntry: main(['list'])\nexcept SystemExit: pass",
}


@pytest.mark.parametrize("what", LIGHT)
def test_neither_torch_nor_scipy_is_imported_by(what):
    assert not loaded(LIGHT[what]) & set(HEAVY)


@pytest.mark.parametrize("what", ["genlab list", "genlab --help"])
def test_numpy_is_not_imported_either_by(what):
    assert "numpy" not in loaded(LIGHT[what])


def test_making_a_runner_of_a_real_phenomenon_imports_no_torch():
    code = "from engine import registry; from engine.runner import Runner\n"
    code += "for name in registry.names(): Runner(name, registry.spec(name).configure('quick'), 'quick', (0,)).close()"
    assert not loaded(code) & set(HEAVY)


def test_the_engine_knows_no_interface():
    everything = "\n".join(f"import {'.'.join(path.with_suffix('').parts)}" for path in modules() if path.parts[0] == "engine")
    assert not loaded(everything.replace(".__init__", "")) & set(OF_THE_INTERFACE)


def test_theory_needs_no_torch():
    theory = [path for path in modules() if path.parts[:2] == ("engine", "theory") and path.stem != "__init__"]
    assert theory
    assert "torch" not in loaded("\n".join(f"import {'.'.join(path.with_suffix('').parts)}" for path in theory))


@pytest.mark.parametrize("path", [path for path in modules() if path.parts[0] == "screens"], ids=str)
def test_screens_know_the_contract_and_nothing_else_of_the_engine(path):
    engine = {name for name in imports(path) if name.split(".")[0] == "engine"}
    assert all(name == "engine.contract" or name.startswith("engine.contract.") for name in engine), engine
    assert not {name.split(".")[0] for name in imports(path)} & {*HEAVY, "lab"}


@pytest.mark.parametrize("path", [path for path in modules() if path.parts[0] == "engine"], ids=str)
def test_the_engine_imports_neither_screens_nor_lab(path):
    assert not {name.split(".")[0] for name in imports(path)} & set(OF_THE_INTERFACE)


def test_the_engine_by_itself_imports_nothing():
    assert not loaded("import engine") & {"numpy", "pydantic"}
