"""The same tenant, challenge and log as for the projections."""

from tests.projections.conftest import challenge, log, say

__all__ = ["challenge", "log", "say"]
