"""House rules that a machine can check: docstrings, lengths, and that nothing read back is ever unpickled."""

import ast
import statistics

import pytest

from tests.architecture.source import ROOT, functions, imports, length, modules, tree

UNPICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}


@pytest.mark.parametrize("path", modules(), ids=str)
def test_every_module_says_what_it_does(path):
    assert ast.get_docstring(tree(path)), f"{path} has no docstring"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_no_module_and_no_function_is_too_long(path):
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    long = [f"{node.name} ({length(node)})" for node in functions(path) if length(node) > 60]
    assert lines <= 400 and not long, f"{path}: {lines} lines; {', '.join(long)}"


def test_the_middle_module_and_function_are_short():
    sizes = [len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in modules()]
    assert statistics.median(sizes) < 150
    assert statistics.median(length(node) for path in modules() for node in functions(path)) < 12


@pytest.mark.parametrize("path", modules(), ids=str)
def test_nothing_is_unpickled(path):
    assert not {name.split(".")[0] for name in imports(path)} & UNPICKLERS
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        assert given.get("allow_pickle", "False") == "False", f"{path}:{node.lineno} allows pickle"
        assert name not in ("torch.load", "torch.save"), f"{path}:{node.lineno} calls {name}"
        if name in ("np.load", "numpy.load", "np.lib.format.read_array"):
            assert given.get("allow_pickle") == "False", f"{path}:{node.lineno}: say allow_pickle=False"
