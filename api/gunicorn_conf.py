"""How gunicorn serves the api: gunicorn -c python:api.gunicorn_conf, with the environment that Settings reads."""

import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from api.settings import Settings, SettingsError

try:
    settings = Settings.read()
except SettingsError as error:
    raise SystemExit(f"milepost: {error}") from None

# The metrics of the workers meet in a folder. prometheus_client looks for it when it is imported, so it is named here.
METRICS = "PROMETHEUS_MULTIPROC_DIR"
OWN_METRICS = Path(tempfile.gettempdir()) / f"milepost-metrics-{os.getpid()}"
os.environ.setdefault(METRICS, str(OWN_METRICS))

wsgi_app = "wsgi:app"
bind = [f"{settings.host}:{settings.port}"]
worker_class = "gthread"
workers = settings.workers
threads = settings.threads
# The app is made once, before the fork; connections are made by each worker when it first needs them.
preload_app = True
graceful_timeout = 30
keepalive = 30
# A cursor of the feed names a position of every slice, of which there may be a thousand.
limit_request_line = 8190
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
errorlog = "-"
loglevel = settings.log_level
# The api writes its own line for each request.
accesslog = None


def on_starting(server: Any) -> None:
    """Forget the numbers of an earlier start: its workers are gone."""
    folder = Path(os.environ[METRICS])
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()


def pre_fork(server: Any, worker: Any) -> None:
    """Leave what all workers share to no garbage collection: it stays, and looking at it would copy it."""
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """Keep the counters of a worker that ended, drop what was only true while it ran."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - it must be imported after METRICS is set

    mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Remove the folder if it was made here."""
    if Path(os.environ[METRICS]) == OWN_METRICS:
        shutil.rmtree(OWN_METRICS, ignore_errors=True)
