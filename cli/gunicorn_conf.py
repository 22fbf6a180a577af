"""How `milepost serve` starts gunicorn: as the api says, and so that it ends with the process that started it."""

import signal
from typing import Any

from api.gunicorn_conf import *  # noqa: F403 - gunicorn reads the names of one module
from cli.children import PATIENCE_SECONDS
from cli.process_group import end_with_parent

# Gunicorn gives its workers up before it is given up itself, so that none is left behind.
graceful_timeout = PATIENCE_SECONDS - 5


def when_ready(server: Any) -> None:
    """Let the parent alone say when to stop, Ctrl-C included: it reaches every process of the terminal at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def post_worker_init(worker: Any) -> None:
    """Hear of Ctrl-C from the master alone. A thread worker that is told twice to quit locks itself out for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
