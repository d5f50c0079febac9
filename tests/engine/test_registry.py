"""Which phenomena exist: the folders, and other packages; a broken one is an entry with a problem and takes nothing else down."""

import sys
import textwrap

import pytest

from engine import registry
from engine.errors import UsageError

DECLARATION = '''
"""Echo: does it answer?

Order: 3
"""
from engine.config import Config, knob
from engine.contract import Axis, Figure, Preset
from engine.declare import declare

class EchoConfig(Config):
    n: int = knob(1, "times", ge=1, le=9)

SPEC = declare(
    __name__, __doc__, config=EchoConfig, presets=(Preset("quick", "quick"),), figures=(Figure("f", "F", Axis("x"), Axis("y"), ()),),
    claims=(), references=(), name="echo",
)
'''
EXPERIMENT = """
from engine.phenomenon import Phenomenon

class Echo(Phenomenon):
    def advance(self, budget): ...
    def measure(self): ...
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that installs packages, {file: text} each, under the names of their entry points."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def install(**packages):
        for name, files in packages.items():
            module = f"genlab_{name.replace('-', '_')}"
            for file, text in files.items():
                path = tmp_path / module / file
                path.parent.mkdir(exist_ok=True)
                path.write_text(textwrap.dedent(text).lstrip())
            info = tmp_path / f"{module}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: genlab-{name}\nVersion: 1.0\n")
            (info / "entry_points.txt").write_text(f"[genlab.phenomena]\n{name} = {module}\n")
        registry.entries.cache_clear()

    yield install
    monkeypatch.undo()
    registry.entries.cache_clear()
    for name in [name for name in sys.modules if name.startswith("genlab_")]:
        del sys.modules[name]


def problems():
    return {entry.name: entry.problem for entry in registry.examined() if entry.origin}


def test_another_package_is_a_phenomenon_like_any_other(installed):
    installed(echo={"__init__.py": DECLARATION, "experiment.py": EXPERIMENT, "notes.md": "Listen."})
    entry = registry.find("echo")
    assert (entry.title, entry.question, entry.order, entry.origin, entry.problem) == ("Echo", "does it answer?", 3, "genlab-echo", "")
    assert "genlab_echo" not in sys.modules  # found without importing it
    spec = registry.spec("echo")
    assert (spec.name, spec.notes, spec.experiment) == ("echo", "Listen.", "genlab_echo.experiment")
    assert "genlab_echo.experiment" not in sys.modules
    assert registry.load("echo").__name__ == "Echo" and registry.experiment(spec) is registry.load("echo")


BROKEN = {
    "syntax": ({"__init__.py": "def broken(:\n"}, "cannot be read: SyntaxError"),
    "raises": ({"__init__.py": '"""Raises: why?"""\nraise RuntimeError("no licence")\n'}, "does not import: RuntimeError: no licence"),
    "exits": ({"__init__.py": '"""Exits: why?"""\nimport sys\nsys.exit("bye")\n'}, "does not import: SystemExit: bye"),
    "empty": ({"__init__.py": '"""Empty: why?"""\n'}, "declares no Spec"),
    "misnamed": ({"__init__.py": DECLARATION}, "declares the name echo, but is found as misnamed"),
    "twofold": ({"__init__.py": DECLARATION + "\nfrom dataclasses import replace\nOTHER = replace(SPEC)\n"}, "declares 2 Specs"),
    "stuck": ({"__init__.py": '"""Stuck: why?"""\nimport time\ntime.sleep(1000)\n'}, "has not imported within 0.2 seconds"),
}  # fmt: skip


def test_broken_packages_are_problems_of_their_own(installed, monkeypatch):
    monkeypatch.setattr(registry, "PATIENCE", 0.2)
    own = registry.names()
    installed(echo={"__init__.py": DECLARATION, "experiment.py": EXPERIMENT}, **{name: files for name, (files, _) in BROKEN.items()})
    found = problems()
    assert found["echo"] == ""
    for name, (_, sentence) in BROKEN.items():
        assert sentence in found[name], name
        with pytest.raises(UsageError) as caught:
            registry.spec(name)
        assert caught.value.hint
    assert registry.names()[: len(own)] == own and registry.spec(own[0]).name == own[0]


def test_a_taken_name_stays_with_whoever_had_it(installed):
    own = registry.names()[0]
    installed(**{own: {"__init__.py": '"""Mine: now?"""\n'}})
    late = registry.entries()[-1]
    assert (late.name, late.origin) == (own, f"genlab-{own}") and f"the name {own} is taken by genlab" in late.problem
    assert registry.find(own).origin == "" and registry.names().count(own) == 1


def test_an_experiment_that_is_not_one_class_is_told_when_it_is_wanted(installed):
    installed(echo={"__init__.py": DECLARATION, "experiment.py": EXPERIMENT + "\n\nclass Other(Echo): ...\n"})
    with pytest.raises(UsageError, match="defines 2 Phenomenon classes; exactly one computes echo"):
        registry.load("echo")


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(UsageError, match="no phenomenon 'groking'; did you mean grokking") as caught:
        registry.check("groking")
    assert caught.value.hint == "See: genlab list" and registry.check("grokking") == "grokking"
