"""The background thread of a run, resuming, and watching a run of another process."""

from engine.cores import default_threads
from engine.device import resolve_device
from engine.runner.kept import Kept
from engine.runner.rebuilding import shown
from engine.runner.results import result_of
from engine.runner.session import Runner, resume
from engine.runner.setup import preset_of
from engine.runner.watching import FolderSession

__all__ = ["FolderSession", "Kept", "Runner", "default_threads", "preset_of", "resolve_device", "result_of", "resume", "shown"]
