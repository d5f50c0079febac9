"""The toy of the command line, for what is asked of phenomena by name."""

from tests.lab.conftest import toys

__all__ = ["toys"]
