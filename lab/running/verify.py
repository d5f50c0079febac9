"""`genlab verify`: run phenomena, and hold every claim against its measurement. The claims decide; nothing is restated here.

Each run is a process of its own that computes with one thread, as many side by side as there are cores; its numbers are those of
`genlab run --threads 1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.text import Text

from engine.contract import Spec, Status
from engine.cores import usable_cores
from engine.errors import Exit, UsageError
from engine.judging import foreclosed, not_run
from engine.registry import check, examined, spec
from engine.seeds import LAST_SEED
from lab.output import STYLES, VERDICT_COLUMNS, emit, plain, say, write_table
from lab.running.children import Children, Ended
from lab.running.claim_counts import ClaimCount, count_claims
from lab.running.junit import require_writable, write_junit

COUNT_COLUMNS = ("id", "claim", "decided>", "failed>", "may fail>", "P(so many)>", "undecided", "verdict")
SAID = ("yes", "no", "not yet", "not run")  # marks that are counted even where there are none


@dataclass(frozen=True)
class Job:
    """One run: a phenomenon from a first seed."""

    spec: Spec
    seed: int


@dataclass
class Verified:
    """What the runs of one phenomenon said."""

    spec: Spec
    preset: str
    awaited: int
    ended: dict[int, Ended] = field(default_factory=dict)  # by the run's first seed

    @property
    def complete(self) -> bool:
        """Whether every run has ended."""
        return len(self.ended) == self.awaited

    @property
    def problems(self) -> list[tuple[int, str]]:
        """Seeds of runs that gave no verdicts although they could, and why."""
        return [(seed, one.sentence) for seed, one in sorted(self.ended.items()) if one.code != Exit.DONE and not _lacks_data(one)]

    @property
    def lacking(self) -> Ended | None:
        """A run whose data are not here, if there is one."""
        return next(filter(_lacks_data, self.ended.values()), None)

    @property
    def claims(self) -> list[ClaimCount]:
        """Every claim over the runs, in the order of declaration; where the data are not here, none was run."""
        results = [self._not_run(seed, one) if _lacks_data(one) else one.result for seed, one in sorted(self.ended.items())]
        return count_claims(self.spec.claims, [result for result in results if result])

    def _not_run(self, seed: int, one: Ended) -> dict[str, Any]:
        """What stands in place of a result: no claim was run, and why."""
        config = self.spec.configure(self.preset)
        known = ((claim, foreclosed(claim, self.spec, self.preset, config)) for claim in self.spec.claims)
        return {"seeds": [seed], "claims": [(already or not_run(one.sentence)).of(claim).row() for claim, already in known]}


@dataclass(frozen=True)
class Verifier:
    """How phenomena are run: `seeds` independent runs each, the first from `seed`; nothing is stored when `root` is None.

    A run of a preset with several replicates takes as many seeds, and the next run those that follow.
    """

    preset: str
    seed: int = 0
    seeds: int = 1
    device: str = "cpu"
    threads: int | None = None
    root: Path | None = None
    junit: Path | None = None

    def run(self, names: Sequence[str], *, json: bool = False, quiet: bool = False) -> int:
        """Verify phenomena; print their claims in a stable order and return the exit code.

        names: all that can be used when empty; what is wrong with the others is said on standard error.

        Raises:
            UsageError: an unknown preset, seeds beyond the last, or a file that cannot be written.
        """
        if self.junit:
            require_writable(self.junit)
        found = [Verified(one, self.preset, self.seeds) for one in _chosen(names)]
        jobs = [Job(one.spec, seed) for one in found for seed in self._first_seeds(one.spec)]  # mistakes show before any work
        stopped = self._run(found, jobs, json=json, quiet=quiet)
        if self.junit:
            parts = [
                (one.spec.name, one.claims, [*(f"seed {seed}: {said}" for seed, said in one.problems), *_interrupted(one)]) for one in found
            ]
            write_junit(self.junit, f"genlab verify {self.preset}", parts)
        return self._conclude(found, json=json, stopped=stopped)

    def _run(self, found: Sequence[Verified], jobs: Sequence[Job], *, json: bool, quiet: bool) -> bool:
        """Do the runs and print each phenomenon once its runs have ended; return whether somebody stopped them.

        What had been decided before that is printed, too; runs that were cut short decide nothing.
        """
        threads = self.threads or 1
        children = Children(max(1, min(len(jobs), usable_cores() // threads)), "nothing was waited for")
        shown = 0
        for number, (job, one) in enumerate(children.each(lambda job: children.run(self._command(job, threads)), jobs), 1):
            if not (children.stopped and one.cut_short):
                next(item for item in found if item.spec is job.spec).ended[job.seed] = one
            if not (json or quiet):
                state = one.result.get("phase", "") if one.code == Exit.DONE else _why(one)
                say(f"{number} of {len(jobs)}: {job.spec.name} from seed {job.seed}: {state}")
            while shown < len(found) and found[shown].complete and not children.stopped:
                self._show(found[shown], json=json)
                shown += 1
        for left in found[shown:]:
            if left.ended:
                self._show(left, json=json)
        return children.stopped

    def _first_seeds(self, found: Spec) -> Iterator[int]:
        found.configure(self.preset)
        count = found.preset(self.preset).seeds
        last = self.seed + self.seeds * count - 1
        if last > LAST_SEED:
            many = self.seeds * count > LAST_SEED
            allowed = "name fewer" if many else f"with --seeds {self.seeds}, --seed may be 0 to {LAST_SEED + 1 - self.seeds * count} here"
            raise UsageError(f"{self.seeds} runs from seed {self.seed} reach seed {last}, beyond the last, {LAST_SEED}", allowed)
        return iter(range(self.seed, last + 1, count))

    def _command(self, job: Job, threads: int) -> list[str]:
        stored = ["--runs", str(self.root)] if self.root else ["--unstored"]
        options = ["--preset", self.preset, "--seed", str(job.seed), "--device", self.device, "--threads", str(threads)]
        return ["run", job.spec.name, *options, *stored, "--json"]

    def _show(self, one: Verified, *, json: bool) -> None:
        """Print what one phenomenon came to; a run that failed is a sentence on standard error."""
        for seed, sentence in one.problems:
            say(f"genlab: {one.spec.name} from seed {seed}: {sentence}")
        if one.lacking:
            say(f"genlab: {one.spec.name} {self.preset}: {_why(one.lacking)}", *([f"  {one.lacking.hint}"] if one.lacking.hint else []))
        claims = one.claims
        if json:
            emit(self._record(one, claims))
            return
        for identity, title in ((False, f"{one.spec.name} {self.preset}"), (True, "identities, which cannot come out otherwise")):
            chosen = [counted for counted in claims if counted.claim.identity is identity]
            if chosen and self.seeds == 1:
                write_table(VERDICT_COLUMNS, map(_single, chosen), title=title)
            elif chosen:
                runs = f"{self.seeds} runs" if one.complete else f"{len(one.ended)} of {self.seeds} runs"
                write_table(COUNT_COLUMNS, map(_counted, chosen), title=title if identity else f"{title}, {runs}")

    def _record(self, one: Verified, claims: Sequence[ClaimCount]) -> dict[str, Any]:
        return {
            "event": "result", "phenomenon": one.spec.name, "preset": self.preset, "seeds": sorted(one.ended), "complete": one.complete,
            "problems": [{"seed": seed, "sentence": sentence} for seed, sentence in one.problems],
            "claims": [counted.record() for counted in claims],
            "runs": [{"seed": seed, "values": ended.result["values"]} for seed, ended in sorted(one.ended.items()) if ended.result],
        }  # fmt: skip

    def _conclude(self, found: Sequence[Verified], *, json: bool, stopped: bool) -> int:
        claims = [(one.spec.name, counted) for one in found for counted in one.claims]
        bad = [f"{name} {counted.claim.id}" for name, counted in claims if counted.too_often]
        worst = max((_code(ended) for one in found for ended in one.ended.values()), default=Exit.DONE)
        code = Exit.INTERRUPTED if stopped else worst
        if code == Exit.DONE and (bad or any(counted.undecided for _, counted in claims)):
            code = Exit.CLAIM_FAILED
        if json:
            counts = {str(status): sum(counted.status is status for _, counted in claims) for status in Status}
            problems = sum(len(one.problems) for one in found)
            said = {"event": "verify", "preset": self.preset, "seeds": self.seeds, **counts, "too_often": bad, "problems": problems}
            emit({**said, "interrupted": stopped})
        else:
            marks = [counted.status.mark for _, counted in claims]
            marked = dict.fromkeys(status.mark for status in Status if status.mark in SAID or status.mark in marks)
            print(", ".join(f"{marks.count(mark)} {mark}" for mark in marked), flush=True)
            if bad and self.seeds > 1:
                print(plain(f"more often than they may: {', '.join(bad)}"), flush=True)
        if stopped:
            ended, awaited = sum(len(one.ended) for one in found), sum(one.awaited for one in found)
            say(f"genlab: interrupted: {ended} of {awaited} runs had ended, and only those are counted.")
        return code


def _code(ended: Ended) -> Exit:
    """The exit code that a run asks for; one whose data are not here asks for none, as a claim that another preset decides."""
    if _lacks_data(ended):
        return Exit.DONE
    return Exit(ended.code) if ended.code in (Exit.DONE, Exit.USAGE) else Exit.RUN_FAILED


def _lacks_data(ended: Ended) -> bool:
    return ended.code == Exit.DATA_MISSING


def _interrupted(one: Verified) -> list[str]:
    """What a report says of a phenomenon whose runs were cut short."""
    return [] if one.complete else [f"interrupted: {len(one.ended)} of {one.awaited} runs had ended"]


def _why(ended: Ended) -> str:
    return f"not run: {ended.sentence}" if _lacks_data(ended) else ended.sentence


def _single(counted: ClaimCount) -> tuple[Any, ...]:
    """Cells of a claim that one run judged."""
    (row,) = counted.rows
    remark = "; ".join(filter(None, (row["reason"], row["note"])))
    measured = " ".join(filter(None, (plain(row["measured"]), remark and f"({remark})")))
    return counted.claim.id, counted.claim.sentence, row["predicted"], measured, counted.claim.tolerance, _mark(counted.status)


def _counted(counted: ClaimCount) -> tuple[Any, ...]:
    """Cells of a claim over several runs."""
    claim = counted.claim
    left = ", ".join(f"{counted.count(status)} {status}" for status in Status if status.holds is None and counted.count(status))
    said = Text(counted.sentence, STYLES[Status.FAILS] if counted.too_often else "")
    return claim.id, claim.sentence, counted.decided, counted.failed, f"{claim.chance:g}", counted.probability, left, said


def _mark(status: Status) -> Text:
    return Text(status.mark, STYLES.get(status, "dim"))


def _chosen(names: Sequence[str]) -> list[Spec]:
    if names:
        return [spec(check(name)) for name in dict.fromkeys(names)]
    found = examined()
    for entry in found:
        if entry.problem:
            say(f"genlab: {entry.problem}")
    return [spec(entry.name) for entry in found if not entry.problem]
