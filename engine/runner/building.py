"""From a setup to a phenomenon that is ready to work: loads torch where it is needed, and takes up stored runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from engine.device import resolve_device, use_threads
from engine.errors import StoreError
from engine.interruption import checkpoint
from engine.phenomenon import AnyPhenomenon
from engine.runner.options import Options
from engine.runner.setup import Setup
from engine.store import Manifest, Position, RunFolder, versions


def build(load: Callable[[], type[AnyPhenomenon]], setup: Setup, options: Options, say: Callable[[str], None]) -> AnyPhenomenon:
    """Make a phenomenon; this is where torch is imported and data are read. `say` is told what takes long.

    Raises:
        LabError: no such device, data that are missing, knobs without a solution.
        Interrupted: somebody wants to stop.
    """
    device = "cpu"
    if not setup.spec.instant:
        if "torch" not in sys.modules:
            say("loading torch")
            import torch  # noqa: F401 (what it is needed for comes after the sentence)

            checkpoint()
        use_threads(options.threads, torch=True)
        device = resolve_device(options.device)
    else:
        use_threads(options.threads, torch=False)
        say("loading")
    kind = load()
    checkpoint()
    say("preparing data")
    return kind(setup.config, setup.seeds, device, setup.preset)


@dataclass(frozen=True)
class Restored:
    """Where a stored run goes on: after so many lines of metrics and seconds of work, from the saved step, with the groups that were drawn.

    notes: what was dropped, or differs from when it began.
    """

    lines: int = 0
    step: int | None = None
    elapsed: float = 0.0
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


FRESH = Restored()


def restore(phenomenon: AnyPhenomenon, folder: RunFolder) -> Restored:
    """Put a fresh phenomenon where the folder's last state stands, and the folder's metrics too.

    Raises:
        StoreError: the state or the metrics are damaged, or do not fit the phenomenon.
    """
    saved = folder.load_state()
    state, position = saved or (None, Position(0, 0, {}))
    folder.require_metrics(position)
    records, torn = folder.records(position.lines)
    if state is not None:
        for step, values in records:
            phenomenon.history.append(step, values)
        phenomenon.step = position.step
        try:
            phenomenon.restore(state)
        except (KeyError, ValueError, TypeError, IndexError, RuntimeError) as error:
            sentence = f"the saved state of run {folder.name} does not fit this genlab: {type(error).__name__}: {error}"
            raise StoreError(sentence, "continue it with the version that wrote it") from error
    folder.cut(position.lines)
    notes = (*([torn] if torn else []), *differences(folder.manifest))
    return Restored(position.lines, position.step if state else None, position.elapsed, drawn_groups(folder) if state else (), notes)


def drawn_groups(folder: RunFolder) -> tuple[str, ...]:
    """The groups of the run's last snapshot; none where it cannot be read, since the run itself does not need it."""
    try:
        return folder.load_snapshot().groups
    except StoreError:
        return ()


def differences(manifest: Manifest) -> tuple[str, ...]:
    """Say which versions differ from those that began the run: then its numbers may differ in the last digits."""
    now = versions()
    before = {name: version for name, version in manifest.versions.items() if name != "genlab"}
    changed = [f"{name} {now[name]} instead of {version}" for name, version in before.items() if now.get(name, version) != version]
    return (f"continued with {', '.join(changed)}: numbers may differ in the last digits",) if changed else ()
