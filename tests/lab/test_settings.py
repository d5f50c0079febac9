"""The settings file: what it sets counts below options and variables; an error in it is one sentence, and the defaults count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.store import choose_root
from lab.settings import Settings, SettingsError, read, settings
from lab.settings_file import facts, template, write_template
from screens.key_lists import CHOOSABLE, REBINDABLE, SCREENS, card_keys, clashes
from screens.keys import bindings, key_name, rebound


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("GENLAB_SETTINGS", str(path))
    for name in ("GENLAB_THEME", "GENLAB_DENSITY", "GENLAB_RUNS"):
        monkeypatch.setenv(name, "")  # so that it is unset again afterwards
        monkeypatch.delenv(name)
    return path


def test_a_file_sets_everything(file: Path, tmp_path: Path) -> None:
    file.write_text(f'theme = "light"\ndensity = "compact"\nruns = "{tmp_path}"\n[keys]\npin = "t"\nzoom_in = "f5"\n')
    made = settings()
    assert made == Settings(file, "light", "compact", tmp_path, {"pin": "t", "zoom_in": "f5"}, ("theme", "density", "runs", "keys"))
    assert read(file.with_name("not there")) == Settings(file.with_name("not there"))


def test_a_home_is_put_in_full(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file.write_text('runs = "~/runs"')
    assert settings().runs == tmp_path / "runs"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('density = "compact"\ntheme = "blue"', ", line 2: theme must be auto, dark or light, got 'blue'"),
        ("\n\ndensity = 3", ", line 3: density must be compact, normal or roomy, got 3"),
        ("theme =", ", line 1: no TOML in theme =: invalid value (text stands in quotes)"),
        ("density = 1\ntheme = dark", ", line 2: no TOML in theme = dark: invalid value (text stands in quotes)"),
        ('theme = "dark"\ntheme = "light"', ', line 2: no TOML in theme = "light": cannot overwrite a value'),
        ('x = "\x1b[2J"', ", line 1: no TOML in x = \"\\x1b[2J\": illegal character '\\x1b'"),
        (f"x = {{{'a' * 300} = 1, {'a' * 300} = 2}}", "... ("),
        ('[keys]\npin = "t', "no TOML"),
        ('color = "x"', ", line 1: no setting 'color'; there are theme, density, runs, keys"),
        ('thene = "dark"', "did you mean theme?"),
        ('runs = "here"', ", line 1: runs must be a whole path, or begin with ~, got 'here'"),
        ("runs = true", ", line 1: runs must be a folder's path in quotes, got true"),
        ('runs = "a\\u0000b"', ", line 1: runs must be a folder's path in quotes"),
        ('runs = "~nobody-of-this-name/x"', ", line 1: there is no user ~nobody-of-this-name"),
        (f'runs = "{__file__}"', ", line 1: runs must be a folder, and "),
        ("keys = 1", ", line 1: keys must be a table"),
        ('theme = "dark"\n[keys]\npinn = "t"', ", line 3: no action 'pinn'; did you mean pin?"),
        ("[keys]\npin = 4", ", line 2: pin: a key in quotes is needed, got 4"),
        ('[keys]\npin = "4"', ", line 2: pin: the key '4' is always the same action's"),
        ('[keys]\npin = "escape"', ", line 2: pin: the key 'escape' is always"),
        ('[keys]\npin = "ctrl+z"', ", line 2: pin: no key 'ctrl+z'; a key is a letter"),
        ('[keys]\nzoom_in = "+"\npin = "s"', ", line 3: 's' cannot be the key of both step and pin"),
        ('[keys]\npin = "t"\nnotes = "t"', ", line 3: 't' cannot be the key of both pin and notes"),
        ('keys.pin = "s"', ", line 1: 's' cannot be the key of both"),
    ],
)
def test_an_error_names_file_line_and_what_is_allowed(file: Path, text: str, sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read(file)
    assert caught.value.message.startswith(str(file))
    assert sentence in caught.value.message
    assert "\n" not in caught.value.message
    made = settings()
    assert (made.theme, made.density, made.runs, made.keys) == ("auto", "normal", None, {})
    assert str(made.problem) == str(caught.value)
    assert file.read_text() == text


def test_what_is_no_text_is_a_sentence(file: Path) -> None:
    file.write_bytes(b'theme = "dark"\nruns = "\xff"')
    with pytest.raises(SettingsError, match="line 2: not UTF-8"):
        read(file)
    file.write_bytes(b"#" * 100_000)
    with pytest.raises(SettingsError, match="100,000 bytes are too many"):
        read(file)
    file.unlink()
    file.mkdir()
    with pytest.raises(SettingsError, match="is a directory"):
        read(file)


def test_the_environment_beats_the_file_and_says_so(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file.write_text(f'theme = "light"\ndensity = "roomy"\nruns = "{tmp_path}"')
    monkeypatch.setenv("GENLAB_THEME", "dark")
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "others"))
    made = settings()
    assert (made.theme, made.density) == ("dark", "roomy")
    assert {name: source for name, _, source in facts(made)} == {"theme": "GENLAB_THEME", "density": "file", "runs": "GENLAB_RUNS"}
    choose_root(tmp_path / "chosen")  # as --runs does
    assert {name: source for name, _, source in facts(settings())}["runs"] == "--runs"
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "others"))
    monkeypatch.setenv("GENLAB_THEME", "pink")
    assert "GENLAB_THEME must be auto, dark or light, got 'pink'" in str(settings().problem)


def test_the_template_sets_nothing_and_every_line_of_it_can_be_used(file: Path) -> None:
    write_template(file)
    assert settings() == Settings(file, given=("keys",))
    lines = [line.removeprefix("# ").partition(" # ")[0] for line in template().splitlines() if " = " in line and line.startswith("# ")]
    file.write_text("\n".join([*lines[:3], "[keys]", *lines[3:]]))
    made = settings()
    assert made.problem is None
    assert tuple(made.keys) == REBINDABLE
    with pytest.raises(Exception, match="is there already"):
        write_template(file)


def test_keys_may_change_places() -> None:
    assert not list(clashes({"pin": "s", "step": "p"}))
    assert not list(clashes({"pin": "p"}))
    assert [key for key, *_ in clashes({"pin": "t", "notes": "t"})] == ["t"]
    now = {key.id: key.keys for key in rebound({"pin": "?", "help": "p"})}
    assert now["pin"] == "question_mark" and now["help"] == "p"
    assert len(set(REBINDABLE)) == len(REBINDABLE)
    assert {binding.id for keys in SCREENS for binding in bindings(keys) if binding.id} == set(REBINDABLE)
    assert all(key_name(key.shown) == key.keys.split(",")[0] for key in CHOOSABLE), "what help shows is what settings take"


def test_a_key_has_one_action_on_each_screen_and_may_have_others_elsewhere(file: Path) -> None:
    assert not list(clashes({"pin": "t", "tour_next": "p"})), "t is home's, n and p the tour's and a run's"
    assert list(clashes({"quit": "t"})) == [("t", "tour", "quit")]
    assert list(clashes({"tour_next": "space"})) == [("space", "advance", "tour_next")]
    assert "t" in card_keys(rebound({"tour": "a"}, SCREENS[1])) and "a" not in card_keys(rebound({"tour": "a"}, SCREENS[1]))
    file.write_text('[keys]\ntour_next = "."')
    assert "tour_next: the key '.' is part of numbers, which the tour asks for" in str(settings().problem)


def test_headless_commands_say_what_is_wrong_and_go_on(genlab, file: Path) -> None:
    file.write_text("theme = 1")
    code, out, err = genlab("list", "--json")
    assert code == 0
    assert out.startswith('{"event": "phenomenon"')
    assert f"{file}, line 1: theme must be auto, dark or light, got 1" in err
    code, out, err = genlab("settings")
    assert code == 2
    assert not out
    assert err.count("theme must be") == 1
    code, out, err = genlab("--theme", "pink", "list")
    assert code == 2
    assert "theme must be one of auto, dark, light, got 'pink'" in err


def test_the_runs_folder_is_the_default_of_commands(genlab, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLAB_RUNS", raising=False)
    file.write_text(f'runs = "{tmp_path / "mine"}"')
    code, _, _ = genlab("run", "toy", "--quiet")
    assert code == 0
    assert len(list((tmp_path / "mine").glob("toy-quick*"))) == 1
    assert genlab("runs")[1].count("toy-quick") == 1
    assert not genlab("runs", "--runs", str(tmp_path / "others"))[1].count("toy-quick")
    os.environ.pop("GENLAB_RUNS", None)


def test_the_command_writes_shows_and_names_the_file(genlab, file: Path) -> None:
    assert genlab("settings", "--path") == (0, f"{file}\n", "")
    code, _, err = genlab("settings", "--write")
    assert code == 0
    assert str(file) in err
    code, out, _ = genlab("settings", "--json")
    assert code == 0
    assert '"there": true' in out
