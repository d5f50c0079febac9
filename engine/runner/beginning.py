"""A run on its way to its first step: imported, then built, and what there is again if it cannot be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.contract import Pause, Phase, Start, Step
from engine.gpu import about_gpu
from engine.phenomenon import AnyPhenomenon
from engine.runner.building import Loaded, build, load, loading, restore
from engine.runner.options import Options
from engine.runner.phase_message import PhaseMessage
from engine.runner.run import Run
from engine.runner.setup import Setup
from engine.runner.timing import Throttle
from engine.store import RunFolder
from engine.telling import telling

TELLING = 0.1  # seconds between two sentences of how far it is


@dataclass
class Beginning:
    """What is wanted, and how far it is.

    setup: of the run that is to be. then: what happens once it is built. before: what is said of the run that it replaces, which
    is there again if the new one cannot be built. loaded: what computes it, once it is imported.
    """

    setup: Setup
    then: Start | Step | Pause
    before: PhaseMessage
    loaded: Loaded | None = None
    begun: float = field(default_factory=time.monotonic)

    @property
    def message(self) -> PhaseMessage:
        """What is said of it as it begins, and again when it was imported."""
        if self.loaded is None:
            return PhaseMessage(Phase.LOADING, loading(self.setup))
        return PhaseMessage(Phase.BUILDING, "preparing data")

    def advance(
        self, imported: Callable[[], type[AnyPhenomenon]], options: Options, resumed: RunFolder | None, say: Callable[[PhaseMessage], None]
    ) -> Run | None:
        """Do the next piece; return the run once it is built.

        Args:
            imported: imports the class that computes.
            options: how it is carried out.
            resumed: the folder of a stored run that is to be continued.
            say: shows what is being done.

        Raises:
            LabError: no such device, knobs without a solution, a folder that cannot be made or read.
            Interrupted: somebody wants something else; then the same piece can be done again.
        """
        phase, throttle = self.message.phase, Throttle(TELLING, at_once=True)

        def told(sentence: str) -> None:
            if throttle.due():
                with throttle.spending():
                    say(PhaseMessage(phase, sentence))

        with telling(told):
            if self.loaded is None:
                self.loaded = load(imported, self.setup, options)
                return None
            return self._built(self.loaded, options, resumed)

    def _built(self, loaded: Loaded, options: Options, resumed: RunFolder | None) -> Run:
        beside = about_gpu(options.device, loaded.device) if self.setup.trains else ""  # before its own data and networks are there
        phenomenon = build(loaded, self.setup, options)
        if resumed is not None:
            return Run(self.setup, phenomenon, options, resumed, restore(phenomenon, resumed), beside)
        run = Run(self.setup, phenomenon, options, beside=beside)
        run.begun = self.begun
        if options.root is not None and not options.store_after:
            if options.insist:
                run.writer.create(options.root, run.manifest)
            else:
                run.writer.create_if_possible(options.root, run.manifest)
        return run
