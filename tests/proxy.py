"""A proxy in front of a database that can stop forwarding: its sockets stay open and nothing comes through."""

import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

CHUNK = 1 << 16
LOOK_SECONDS = 0.02


class Proxy:
    """Forwards TCP connections on a loopback port to a PostgreSQL server, unless it is told to be a black hole."""

    def __init__(self, database_url: str) -> None:
        with psycopg.connect(database_url) as connection:
            self._host, self._port = connection.info.host, connection.info.port
            self._user = connection.info.user
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open, self._ended = Event(), Event()
        self._open.set()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = Thread(target=self._forward, daemon=True)
        parts = urlsplit(database_url)
        _, at, _ = parts.netloc.rpartition("@")
        account = parts.netloc.rpartition("@")[0] if at else quote(self._user)
        place = f"{account}@127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = urlunsplit((parts.scheme, place, parts.path, "", ""))

    def swallow(self) -> None:
        """Forward nothing from now on; the kernel still accepts connections, and what is sent."""
        self._open.clear()

    def forward(self) -> None:
        """Forward again, also what has come in meanwhile."""
        self._open.set()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._open.set()
        self._thread.join()
        for one in [self._listener, *self._pairs]:
            one.close()
        self._selector.close()

    def _forward(self) -> None:
        while not self._ended.is_set():
            self._open.wait()
            for key, _ in self._selector.select(LOOK_SECONDS):
                if not self._open.is_set():
                    break
                self._accept() if key.fileobj is self._listener else self._move(key.fileobj)

    def _accept(self) -> None:
        theirs, _ = self._listener.accept()
        if self._host.startswith("/"):
            ours = socket.socket(socket.AF_UNIX)
            ours.connect(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            ours = socket.create_connection((self._host, self._port))
        for one, other in ((theirs, ours), (ours, theirs)):
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _move(self, source: socket.socket) -> None:
        sink = self._pairs.get(source)
        if sink is None:
            return
        data = b""
        with suppress(OSError):
            data = source.recv(CHUNK)
            sink.sendall(data)
        if not data:
            for one in (source, sink):
                self._selector.unregister(one)
                self._pairs.pop(one)
                one.close()


@contextmanager
def proxied(database_url: str) -> Iterator[Proxy]:
    """A proxy in front of this database, forwarding."""
    proxy = Proxy(database_url)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
