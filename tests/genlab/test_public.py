"""What `import genlab` gives, and what it costs."""

import json
import subprocess
import sys

import pytest

import genlab
from tests.architecture.source import ROOT

NAMES = {
    "run",
    "load",
    "phenomena",
    "Outcome",
    "sweep",
    "load_sweep",
    "SweepOutcome",
    "LabError",
    "UsageError",
    "KnobError",
    "ProblemError",
    "DataError",
    "StoreError",
    "Diverged",
}


def test_dir_shows_exactly_the_public_names():
    assert set(dir(genlab)) == NAMES == set(genlab.__all__)
    assert all(getattr(genlab, name) is not None for name in NAMES)


def test_importing_it_imports_none_of_the_engine():
    code = "import sys; before = set(sys.modules); import genlab, json\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert not {name.split(".")[0] for name in json.loads(done.stdout)} & {"engine", "lab", "screens", "numpy", "pydantic", "torch"}


def test_listing_phenomena_imports_no_torch():
    code = "import sys, genlab; names = [item.name for item in genlab.phenomena()]; print({'torch', 'scipy'} & set(sys.modules), *names)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split()[0] == "set()"
    assert done.stdout.split()[1] == "random-labels"


def test_phenomena_have_name_title_and_question():
    first = genlab.phenomena()[0]
    assert (first.name, first.title) == ("random-labels", "Random labels")
    assert all(item.question.endswith("?") for item in genlab.phenomena())


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="module 'genlab' has no attribute 'rum'"):
        genlab.rum  # noqa: B018


def test_its_errors_are_those_of_the_engine():
    with pytest.raises(genlab.KnobError, match="no knob 'm'"):
        genlab.run("min-norm", m=3)
    assert issubclass(genlab.StoreError, genlab.LabError)
