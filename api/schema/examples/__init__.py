"""The examples themselves, one file each: a summary and an answer of the running app."""

from api.examples import example

__all__ = ["example"]
