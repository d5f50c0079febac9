"""`genlab verify`: run phenomena, and hold every claim against its measurement. The claims decide; nothing is restated here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract import Snapshot, Spec, Status, Verdict
from engine.errors import Exit
from engine.registry import check, examined, spec
from engine.runner import Runner
from engine.seeds import seed_range
from lab.output import VERDICT_COLUMNS, count_marks, count_statuses, emit, say, verdict_rows, write_table
from lab.running.driving import Feed, conclude, drive
from lab.running.reporters import choose_reporter

SHORT_OF = (Status.FAILS, Status.PENDING, Status.CENSORED)  # what exit code 1 tells of: the preset should have decided it


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
        """Verify phenomena one after the other; print their claims and return the exit code.

        names: all that can be used when empty; what is wrong with the others is said on standard error.
        """
        verdicts: list[Verdict] = []
        worst = Exit.DONE
        for snapshot, code in self.outcomes(_chosen(names), quiet=quiet or json):
            verdicts += snapshot.verdicts
            worst = max(worst, code)
            if json:
                for verdict in snapshot.verdicts:
                    emit({"event": "claim", "phenomenon": snapshot.phenomenon, "preset": self.preset, **verdict.row()})
            else:
                write_table(VERDICT_COLUMNS, verdict_rows(snapshot.verdicts), title=f"{snapshot.phenomenon} {self.preset}")
            if code == Exit.INTERRUPTED:
                break
        if json:
            emit({"event": "verify", "preset": self.preset, **count_statuses(verdicts)})
        else:
            print(count_marks(verdicts, always=("yes", "no", "not yet", "not run")), flush=True)
        if worst == Exit.DONE and any(verdict.status in SHORT_OF for verdict in verdicts):
            return Exit.CLAIM_FAILED
        return worst

    def outcomes(self, specs: Sequence[Spec], *, quiet: bool) -> Iterator[tuple[Snapshot, Exit]]:
        """Run phenomena and yield each last snapshot with the code it would end `genlab run` with."""
        prepared = [(found, found.configure(self.preset)) for found in specs]  # mistakes show before any work
        for found, config in prepared:
            seeds = seed_range(self.seed, self.seeds or found.preset(self.preset).seeds)
            feed = Feed()
            runner = Runner(
                found.name, config, self.preset, seeds, device=self.device, threads=self.threads, root=self.root, on_measure=feed,
                command_line=f"genlab verify {found.name} --preset {self.preset}",
            )  # fmt: skip
            ending = drive(runner, feed, choose_reporter(f"{found.name} {self.preset}", quiet=quiet))
            yield ending.last, Exit(conclude(ending, debug=self.debug))


def _chosen(names: Sequence[str]) -> list[Spec]:
    if names:
        return [spec(check(name)) for name in names]
    found = examined()
    for entry in found:
        if entry.problem:
            say(f"genlab: {entry.problem}")
    return [spec(entry.name) for entry in found if not entry.problem]
