"""`genlab verify`: run phenomena, and hold every claim against its measurement. The claims decide; nothing is restated here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Exit
from lab.output import VERDICT_COLUMNS, emit, verdict_rows, write_table

if TYPE_CHECKING:
    from engine.contract import Snapshot, Verdict


@dataclass(frozen=True)
class Verifier:
    """How phenomena are run: `seeds` is the preset's own number when None; nothing is stored when `root` is None."""

    preset: str
    seed: int = 0
    seeds: int | None = None
    device: str = "cpu"
    threads: int | None = None
    root: Path | None = None
    debug: bool = False

    def run(self, names: Sequence[str], *, json: bool = False, quiet: bool = False) -> int:
        """Verify phenomena one after the other; print their claims and return the exit code."""
        verdicts: list[Verdict] = []
        worst = Exit.DONE
        for snapshot, code in self.outcomes(names, quiet=quiet or json):
            verdicts += snapshot.verdicts
            worst = max(worst, code)
            if json:
                for verdict in snapshot.verdicts:
                    emit({"event": "claim", "phenomenon": snapshot.phenomenon, "preset": self.preset, **verdict.row()})
            else:
                write_table(VERDICT_COLUMNS, verdict_rows(snapshot.verdicts), title=f"{snapshot.phenomenon} {self.preset}")
            if code == Exit.INTERRUPTED:
                break
        summary = tally(verdicts)
        if json:
            emit({"event": "verify", "preset": self.preset, **summary})
        else:
            print(", ".join(f"{count} {mark}" for mark, count in summary.items()), flush=True)
        if worst == Exit.DONE and summary["no"] + summary["not yet"]:
            return Exit.CLAIM_FAILED
        return worst

    def outcomes(self, names: Sequence[str], *, quiet: bool) -> Iterator[tuple[Snapshot, Exit]]:
        """Run phenomena and yield each last snapshot with the code it would end `genlab run` with."""
        from engine.registry import spec
        from lab.headless import Feed, conclude, drive, reporter

        prepared = [(found, found.configure(self.preset)) for found in map(spec, names)]  # mistakes show before any work
        from engine.runner import Runner
        from engine.seeds import seed_range

        for found, config in prepared:
            seeds = seed_range(self.seed, self.seeds or found.preset(self.preset).seeds)
            feed = Feed()
            runner = Runner(
                found.name, config, self.preset, seeds, device=self.device, threads=self.threads, root=self.root, on_measure=feed,
                command_line=f"genlab verify {found.name} --preset {self.preset}",
            )  # fmt: skip
            ending = drive(runner, feed, reporter(f"{found.name} {self.preset}", quiet=quiet))
            yield ending.last, Exit(conclude(ending, debug=self.debug))


def tally(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many claims bear each mark."""
    marks = [verdict.mark for verdict in verdicts]
    return {mark: marks.count(mark) for mark in ("yes", "no", "not yet", "not run")}
