"""The same tenant, challenge and log as for the projections."""

from tests.projections.conftest import challenge, log, projector, say

__all__ = ["challenge", "log", "projector", "say"]
