"""A phenomenon is a package, a screen and a folder of tests, and what it declares is complete and true to its docstring."""

import ast
import re

import pytest

from engine import registry
from engine.contract import Axis, unmet
from tests.architecture.source import ROOT, tree

FILES = sorted(path.parent.name for path in (ROOT / "engine" / "phenomena").glob("[a-z]*/__init__.py"))
NAMES = [stem.replace("_", "-") for stem in FILES]


def test_the_registry_finds_every_file_in_order():
    assert sorted(registry.names()) == sorted(NAMES)
    orders = [entry.order for entry in registry.entries()]
    assert orders == sorted(orders) and len(set(orders)) == len(orders), "each docstring needs its own line `Order: N`"


@pytest.mark.parametrize("stem", FILES)
def test_a_phenomenon_is_a_package_a_screen_and_a_folder_of_tests(stem):
    for path in (f"engine/phenomena/{stem}/__init__.py", f"screens/{stem}.py", f"tests/phenomena/{stem}/test_{stem}.py"):
        assert (ROOT / path).is_file(), f"{path} is missing"


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_is_the_registry_entry(name):
    spec, entry = registry.spec(name), next(entry for entry in registry.entries() if entry.name == name)
    assert (spec.name, spec.title, spec.question) == (name, entry.title, entry.question)
    assert spec.question.endswith("?")
    docstring = ast.get_docstring(tree((ROOT / "engine" / "phenomena" / name.replace("-", "_") / "__init__.py").relative_to(ROOT)))
    assert re.search(r"arXiv:\d{4}\.\d{4,5}", docstring), "the docstring names its papers by arXiv number"


@pytest.mark.parametrize("name", NAMES)
def test_presets_begin_with_quick_and_all_are_valid(name):
    spec = registry.spec(name)
    presets = [preset.name for preset in spec.presets]
    assert presets[:2] == ["quick", "standard"] and len(set(presets)) == len(presets)
    for preset in spec.presets:
        config = spec.configure(preset.name)
        assert preset.why and preset.seeds >= 1
        for knob in type(config).knobs():
            assert knob.parse(knob.format(getattr(config, knob.name))) == getattr(config, knob.name), (preset.name, knob.name)
    assert spec.configure("quick") == spec.config(), "the defaults are the quick preset"


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_is_meant_for_the_presets_that_it_names(name):
    spec = registry.spec(name)
    for preset in spec.presets:
        for claim in spec.claims:
            assert preset.name not in claim.presets or not unmet(claim.domain, spec.configure(preset.name)), (preset.name, claim.id)


@pytest.mark.parametrize("name", NAMES)
def test_every_knob_has_bounds_and_a_line_of_help(name):
    for knob in registry.spec(name).config.knobs():
        assert knob.text, knob.name
        if knob.kind in ("int", "float", "ints", "floats"):
            assert knob.lo is not None and knob.hi is not None, f"{knob.name} has no bounds"


@pytest.mark.parametrize("name", NAMES)
def test_figures_pictures_and_claims_are_complete_and_named_once(name):
    spec = registry.spec(name)
    for items in ([f.name for f in spec.figures], [p.name for p in spec.pictures], [c.id for c in spec.claims]):
        assert len(set(items)) == len(items)
    assert spec.figures and spec.claims and spec.notes and spec.references
    assert any(claim.applies("quick") for claim in spec.claims)
    for claim in spec.claims:
        assert claim.sentence and claim.source and claim.prediction and claim.tolerance
    for figure in spec.figures:
        assert figure.series and isinstance(figure.x, Axis) and figure.x.label and figure.y.label
