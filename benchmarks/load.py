"""Load: a few connections that are kept open, each asking again as soon as it is answered."""

import re
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

HOST = "127.0.0.1"
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
TIMEOUT_SECONDS = 30


class Connection:
    """One connection that speaks as little HTTP as it can: what the client costs, both servers pay."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; its status and body. Raises ConnectionError for an answer cut off or without a length."""
        self._socket.sendall(request)
        answer = b""
        while (head := answer.find(HEAD_END)) < 0:
            answer += self._receive()
        length = LENGTH.search(answer, 0, head)
        if length is None:
            raise ConnectionError(f"an answer without a length: {answer[:head]!r}")
        whole = head + len(HEAD_END) + int(length[1])
        while len(answer) < whole:
            answer += self._receive()
        return int(answer[9:12]), answer[head + len(HEAD_END) :]

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> bytes:
        piece = self._socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


def request(method: str, path: str, headers: Sequence[str] = (), body: bytes = b"") -> bytes:
    """A request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + HEAD_END + body


def rate(port: int, requests: Sequence[Iterator[bytes]], seconds: float, status: int) -> float:
    """Answers a second, one connection for each iterator of requests. Raises when one is not answered with `status`."""
    began = time.perf_counter()
    with ThreadPoolExecutor(len(requests)) as connections:
        counts = connections.map(lambda asked: _ask_until(port, asked, began + seconds, status), requests)
    return sum(counts) / (time.perf_counter() - began)


def _ask_until(port: int, requests: Iterator[bytes], deadline: float, status: int) -> int:
    count = 0
    with closing(Connection(port)) as connection:
        while time.perf_counter() < deadline:
            found, body = connection.ask(next(requests))
            if found != status:
                raise ConnectionError(f"answered {found}, not {status}: {body[:500]!r}")
            count += 1
    return count
