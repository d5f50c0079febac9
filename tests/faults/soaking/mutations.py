"""Stored files with other bytes or other values: every reader and every command answers with a sentence, soon and with little memory."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine import registry
from engine.contract import Phase
from engine.errors import Exit, StoreError
from engine.runner import Runner, resume, shown
from engine.store import RunFolder, list_runs
from tests.faults.soaking import commands
from tests.faults.soaking.references import cases, reference
from tests.faults.soaking.rows import Row

MUTATIONS, IN_ONE_ROUND = 1500, 100
BYTES, VALUES = "stored file with other bytes", "stored file with other values"
FILES = (
    "manifest.json",
    "metrics.jsonl",
    "arrays.npz",
    "result.json",
    "state.safetensors",
    "state.json",
    "latest.npz",
    "lock",
    "request.json",
)
STRANGE = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 2**70, 10**400, 0.5, -0.0, 1e308, 5e-324, "", "NaN", "Infinity", "~NaN", "running",
    "finished", "diverged", "x" * 10_000, "\x1b[2J", "\u202e", "\ud800", "../../etc", [], {}, [[]], [None], [1e308] * 50, {"a": 1},
    list(range(2000)), {"@array": ["f8", 0, [1]]}, {"@array": ["f8", -1, [2**40]]},
)  # fmt: skip
CODES = {int(code) for code in Exit}
SECONDS, MEMORY = 180.0, 2**31  # that reading a damaged run of kilobytes may take on a busy machine, and bytes by which a process may grow

Mutation = tuple[str, bytes]


def rounds() -> Iterator[str]:
    """The names of the rounds."""
    return map(str, range(MUTATIONS // IN_ONE_ROUND))


def do(key: str, folder: Path, kept: Path, share: float) -> list[Row]:
    """One round."""
    commands.preload()
    chance, rows = random.Random(f"mutations {key}"), {name: Row(name) for name in (BYTES, VALUES)}
    phenomena = registry.names()
    for number in range(max(1, round(share * IN_ONE_ROUND))):
        name = phenomena[(int(key) * IN_ONE_ROUND + number) % len(phenomena)]
        whole = chance.choice((finished, halfway))(name, kept)
        place = folder / str(number)
        path = place / "runs" / whole.name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(whole, path)
        kind = chance.choice((BYTES, VALUES))
        said = mutate(path, kind, chance)
        why = _answered(path, place, chance)
        rows[kind].count(f"{name} ({whole.parent.name}), {said}: {why}" if why else "")
        if not why:
            shutil.rmtree(place)
    return list(rows.values())


def finished(name: str, kept: Path) -> Path:
    """The folder of a finished run of a phenomenon."""
    return reference(cases(name)[0], kept)[0]


def halfway(name: str, kept: Path) -> Path:
    """The folder of a run of a phenomenon that was stopped on its way, or of a finished one that is too short for that."""
    case = cases(name)[0]
    path = kept / f"halfway-{name}"
    if not path.exists():
        fresh = kept / f".halfway-{name}.{os.getpid()}"
        said = commands.fork(fresh.with_suffix(".said"), lambda: _half(name, case.knobs, fresh)).said()
        assert said.code == 0, said
        try:
            fresh.rename(path)
        except OSError:  # another process was quicker
            shutil.rmtree(fresh)
    (entry,) = list_runs(path)
    return entry.path


def _half(name: str, knobs: Any, root: Path) -> int:
    run = Runner(name, registry.spec(name).configure("quick", knobs), "custom", (0,), threads=1, root=root)
    run.start()
    while not run.latest().phase.over and (not run.latest().folder or run.latest().step < (run.latest().total or 0) // 3):
        time.sleep(0.0005)
    return 0 if run.close(60) else 1


# ---------------------------------------------------------------- what is changed


def mutate(path: Path, kind: str, chance: random.Random) -> str:
    """Change one of a run's files; return which and how."""
    name = chance.choice([name for name in FILES if (path / name).is_file()])
    data = (path / name).read_bytes()
    how, changed = _values(name, data, chance) if kind == VALUES else _bytes(data, chance)
    (path / name).write_bytes(changed)
    return f"{name}: {how}"


def _bytes(data: bytes, chance: random.Random) -> Mutation:
    at = chance.randrange(len(data) + 1)
    length = chance.choice((1, 1, 2, 8, 64, 4096))
    noise = chance.randbytes(length)
    flipped = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        if flipped:
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    kinds: dict[str, bytes] = {
        "flipped": bytes(flipped),
        "overwritten": data[:at] + noise + data[at + length :],
        "inserted": data[:at] + noise + data[at:],
        "removed": data[:at] + data[at + length :],
        "cut": data[:at],
        "doubled": data + data,
        "swapped": data[at:] + data[:at],
        "zeros": data[:at] + bytes(length) + data[at + length :],
    }
    how = chance.choice(sorted(kinds))
    return f"{how} at {at} of {len(data)}", kinds[how]


def _values(name: str, data: bytes, chance: random.Random) -> Mutation:
    if name.endswith(".npz"):
        return _in_archive(data, chance)
    if name == "state.safetensors":
        return _in_state(data, chance)
    if name == "lock":
        text = chance.choice(("", "-1", "0", "9" * 5000, "\x1b[2J", "1 2"))
        return repr(text[:20]), text.encode()
    lines = data.decode().splitlines()
    at = chance.randrange(len(lines))
    how, lines[at] = _in_text(lines[at], chance)
    return f"line {at}, {how}", ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def _in_text(text: str, chance: random.Random) -> tuple[str, str]:
    tree = json.loads(text)
    places = list(_places(tree))
    at = chance.choice(places)
    value = chance.choice(STRANGE)
    parent = tree
    for step in at[:-1]:
        parent = parent[step]
    how = chance.choice(("set", "set", "set", "removed", "renamed"))
    if how == "set" or isinstance(parent, list):
        parent[at[-1]] = value
        return f"{'.'.join(map(str, at))} = {repr(value)[:60]}", json.dumps(tree)
    taken = parent.pop(at[-1])
    if how == "renamed":
        parent[f"{at[-1]}x"] = taken
    return f"{'.'.join(map(str, at))} {how}", json.dumps(tree)


def _places(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from _places(value, (*above, key))


def _in_state(data: bytes, chance: random.Random) -> Mutation:
    """Another value in the header of safetensors, or in what genlab writes into it."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    if chance.random() < 0.7:
        how, header["__metadata__"]["genlab"] = _in_text(header["__metadata__"]["genlab"], chance)
        text = json.dumps(header)
    else:
        how, text = _in_text(json.dumps(header), chance)
    written = text.encode()
    return how, len(written).to_bytes(8, "little") + written + data[end:]


def _in_archive(data: bytes, chance: random.Random) -> Mutation:
    """Another value in the JSON of a snapshot, or another header of an array."""
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        entries = {name: pack.read(name) for name in pack.namelist()}
    name = chance.choice(sorted(entries))
    start = entries[name].index(b"\n") + 1
    if name == "snapshot.npy" or (chance.random() < 0.5 and "snapshot.npy" in entries):
        name, start = "snapshot.npy", entries["snapshot.npy"].index(b"\n") + 1
        how, text = _in_text(entries[name][start:].decode(), chance)
        content = text.encode("utf-8", "surrogatepass")
        entries[name] = _header("|u1", len(content)) + content
    else:
        dtype, length = chance.choice((("<f8", 2**40), ("<i2", 3), ("|O", 1), ("<U9", 2), ("<c16", 4), ("<f8", 0)))
        how = f"{name}: {dtype} {length}"
        entries[name] = _header(dtype, length) + entries[name][start:]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        for item, content in entries.items():
            pack.writestr(item, content)
    return how, buffer.getvalue()


def _header(dtype: str, length: int) -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({length},), }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


# ---------------------------------------------------------------- how it is answered


def _answered(path: Path, folder: Path, chance: random.Random) -> str:
    """Read the run in every way there is, and with one of the commands, in processes of their own; what is wrong with the answers."""
    readers = commands.fork(folder, lambda: _read_everything(path)).said(SECONDS)
    if readers.code != 0:
        return f"reading gave {readers.code}: {readers.err.strip()[-1500:]}"
    runs = f"--runs={path.parent}"
    args = chance.choice((["runs", "--json", runs], ["show", path.name, runs], ["resume", path.name, "--json", runs]))
    said = commands.begin(folder, *args).said(SECONDS)
    strange = [word for word in ("Traceback", "defect", "unexpected", "inside genlab") if word in said.err + said.out]
    if said.code not in CODES or strange:
        return f"{args[0]} gave {said.code}: {said.err.strip()[-1500:]} {said.out[-500:] if strange else ''}"
    if said.code not in (Exit.DONE, Exit.CLAIM_FAILED) and not said.err.startswith("genlab: "):
        return f"{args[0]} gave {said.code} without a sentence: {said.err!r}"
    return f"{args[0]} writes a control character" if "\x1b" in said.err + said.out else ""


def _read_everything(path: Path) -> int:
    """Call every reader of the store and of the runner; nothing but the store's own error may come of it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    readers: tuple[Callable[[], object], ...] = (
        lambda: RunFolder.open(path).load_state(),
        lambda: RunFolder.open(path).load_arrays(),
        lambda: RunFolder.open(path).load_progress(),
        lambda: RunFolder.open(path).load_snapshot(),
        lambda: RunFolder.open(path).records(),
        lambda: RunFolder.open(path).whole(),
        lambda: shown(path),
        lambda: resume(path).close(),
    )
    for read in readers:
        try:
            read()
        except StoreError as error:
            assert error.message and error.hint
    (entry,) = list_runs(path.parent)
    assert entry.name == path.name and (entry.problem or isinstance(entry.phase, Phase))
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    if grown > MEMORY:
        print(f"grown by {grown:,} bytes", file=sys.stderr)
        return 71
    return 0
