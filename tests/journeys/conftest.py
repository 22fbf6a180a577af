"""Journeys start where a user does: at the command line."""

from tests.cli.conftest import milepost

__all__ = ["milepost"]
