"""Where an exported file comes from: the command that gives its numbers, versions, seeds, a digest of what was computed, the claims."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.contract import Series, Snapshot, Status
from engine.contract.run_command import run_command
from engine.errors import UsageError
from engine.registry import spec
from engine.store import Manifest, RunFolder
from engine.store.strict_json import dumps


@dataclass(frozen=True)
class Provenance:
    """What stands in the metadata of every exported file, and small below a picture.

    run: the run's name. turned: knobs that were turned while it ran, which no command repeats. digest: of what was computed:
    equal for the same phenomenon, knobs and seeds. claims: the ids of the claims by status, decided ones first. references: the papers
    behind the phenomenon, which `genlab cite` prints as BibTeX. config: every knob, with the SHA-256 of imported data. kind: what the
    digest is of, "run", "runs" or "sweep".
    """

    run: str
    command: str
    versions: Mapping[str, str]
    seeds: tuple[int, ...]
    digest: str
    turned: tuple[str, ...] = ()
    claims: Mapping[str, tuple[str, ...]] | None = None
    references: tuple[str, ...] = ()
    config: Mapping[str, Any] | None = None
    kind: str = "run"

    @classmethod
    def of(cls, folder: RunFolder, snapshot: Snapshot) -> Provenance:
        """Read it from a stored run.

        Raises:
            StoreError: the measurements are damaged.
        """
        manifest = folder.manifest
        turned = tuple(f"{line.knob} to {dumps(line.values[line.knob])} at step {line.step}" for line in folder.lines()[0] if line.knob)
        digest = hashlib.sha256(repr((manifest.digest, turned)).encode()).hexdigest()[:16] if turned else manifest.digest
        return cls(
            folder.name, command_of(manifest), manifest.versions, manifest.seeds, digest, turned, claims_of(snapshot),
            references_of(manifest.phenomenon), manifest.config,
        )  # fmt: skip

    @property
    def record(self) -> dict[str, Any]:
        """The same as JSON types, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def text(self) -> str:
        """The same as one line of JSON, for places that take text alone."""
        return json.dumps(self.record, ensure_ascii=True)

    @property
    def versions_text(self) -> str:
        """`genlab 0.1.0, numpy 2.4.6, ...`."""
        return ", ".join(f"{name} {self.versions[name]}" for name in sorted(self.versions))

    def caption(self, series: Sequence[Series] = ()) -> list[str]:
        """The lines below a picture: what its bands are, what became of the claims, how to compute it again, and with what."""
        bands = dict.fromkeys(item.band for item in series if item.band and item.lo is not None)
        turned = f" (then turned {', '.join(self.turned)})" if self.turned else ""
        return [
            *([f"Bands: {'; '.join(bands)}."] if bands else []),
            *(["Claims: " + "; ".join(f"{status} {' '.join(ids)}" for status, ids in self.claims.items()) + "."] if self.claims else []),
            self.command + turned,
            f"{self.versions_text}; {self.kind} {self.digest}",
        ]


def file_word(figure: str) -> str:
    """What the file of a figure is called after."""
    return figure.replace("/", "-")


def command_of(manifest: Manifest) -> str:
    """The command that gives a run's numbers; of runs whose manifest holds what was typed, made from their knobs."""
    if manifest.typed or " --device " in manifest.command_line:
        return manifest.command_line
    return run_command(spec(manifest.phenomenon), manifest.preset, manifest.config, manifest.seeds, manifest.device, manifest.threads)


def references_of(name: str) -> tuple[str, ...]:
    """The papers behind a phenomenon, each as a line; none where its package is gone."""
    try:
        return tuple(map(str, spec(name).references))
    except UsageError:
        return ()


def claims_of(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """The claims' ids by status, in the order of `Status`."""
    found = {status: tuple(item.claim.id for item in snapshot.verdicts if item.status is status) for status in Status}
    return {str(status): ids for status, ids in found.items() if ids}
