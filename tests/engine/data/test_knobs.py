"""A knob that takes data sets: what it offers, the content that its config holds, and what happens when that changes."""

import numpy as np
import pytest
from pydantic import ValidationError

from engine.config import build
from engine.contract import Config, content_of, knob
from engine.data import own
from engine.data.knobs import built_in, data_knob
from engine.errors import DataError, Exit, KnobError

X, Y = np.random.default_rng(0).standard_normal((12, 3)), np.arange(12) % 2


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))


class Plain(Config):
    """A config before it took imported data."""

    dataset: str = knob("digits", "data")
    n: int = knob(3, "rows", ge=1, le=10)


class Taking(Config):
    """The same, taking imported data."""

    dataset: str = data_knob("digits", "data", builtin=("digits", "signals"))
    dataset_sha256: str = content_of("dataset")
    n: int = knob(3, "rows", ge=1, le=10)


def imported(name="mine", shift=0.0):
    data = own.OwnData("classes", X + shift, Y, (3,), ("a", "b"), source="a.csv")
    return own.add(name, data, force=True)[0].sha256


def test_built_in_data_leave_a_config_as_it_was():
    config = build(Taking, {"n": 4})
    assert config.values() == {"dataset": "digits", "n": 4}
    assert config.digest() == build(Plain, {"n": 4}).digest()
    assert build(Taking, config.values()) == config
    assert [item.name for item in Taking.knobs()] == ["dataset", "n"]


def test_an_imported_name_fills_in_its_content():
    content = imported()
    config = build(Taking, {"dataset": "mine"})
    assert config.values() == {"dataset": "mine", "dataset_sha256": content, "n": 3}
    assert build(Taking, config.values()) == config
    assert config.changed(n=5).values() == {"dataset": "mine", "dataset_sha256": content, "n": 5}
    assert config.changed(dataset="signals").values() == {"dataset": "signals", "n": 3}
    assert config.digest() != build(Taking, {}).digest()


def test_the_knob_offers_what_is_imported_at_once():
    item = Taking.knob("dataset")
    assert item.kind == "choice" and item.choices == ("digits", "signals")
    imported()
    assert item.renewed().choices == Taking.knob("dataset").choices == ("digits", "signals", "mine")
    own.remove("mine")
    assert item.renewed().choices == ("digits", "signals")


def test_another_content_is_refused_and_taken_when_the_name_is_given_anew():
    first = imported()
    config = build(Taking, {"dataset": "mine"})
    second = imported(shift=1.0)
    for refused in (lambda: build(Taking, config.values()), lambda: config.changed(n=5)):
        with pytest.raises(DataError, match="mine is another one now") as caught:
            refused()
        assert caught.value.exit_code == Exit.DATA_MISSING and "genlab data import mine FILE" in caught.value.hint
    assert config.changed(dataset="mine").values()["dataset_sha256"] == second != first
    assert build(Taking, Taking.updated(config.values(), {"dataset": "mine"})).dataset_sha256 == second


def test_data_that_are_gone():
    imported()
    values = build(Taking, {"dataset": "mine"}).values()
    own.remove("mine")
    with pytest.raises(DataError, match=r"the data set mine \(SHA-256 .*\) is not here") as caught:
        build(Taking, values)
    assert caught.value.exit_code == Exit.DATA_MISSING


def test_names_that_are_not_taken():
    own.add("falling", own.OwnData("spectrum", None, np.zeros(0), eigenvalues=np.array([2.0, 1.0]), source="s.csv"))
    imported()
    for name, hint in (("mien", "genlab data import mien FILE"), ("falling", "falling was imported as spectrum, and this takes classes")):
        with pytest.raises(KnobError, match="dataset must be one of digits, signals, mine, got") as caught:
            build(Taking, {"dataset": name})
        assert caught.value.hint == hint


@pytest.mark.parametrize("content", ["0" * 64, "x", 3])
def test_contents_that_cannot_be(content):
    with pytest.raises(KnobError, match="built in and has no SHA-256"):
        build(Taking, {"dataset": "digits", "dataset_sha256": content})
    imported()
    with pytest.raises(DataError):
        build(Taking, {"dataset": "mine", "dataset_sha256": content})


def test_claims_that_need_built_in_data():
    imported()
    condition = built_in("dataset", ("digits", "signals"))
    assert condition.test(build(Taking, {})) and not condition.test(build(Taking, {"dataset": "mine"}))


def test_a_config_stays_frozen():
    with pytest.raises(ValidationError):
        build(Taking, {}).dataset_sha256 = "0" * 64
