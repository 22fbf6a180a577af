"""Work that gives way: a process, and the server's process that works for it, run when nobody else wants to."""

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TypeVar

from psycopg import Connection

Item = TypeVar("Item")

NICENESS = 10
TURN = 64  # Items, well below a millisecond of work.
PROCESSES = Path("/proc")
PEER = struct.Struct("3i")  # The kernel's `struct ucred`: process, user, group.


def gives_way(pid: int) -> None:
    """Let a process that was just started, the leader of a session of its own, run after those that serve."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))
    _lower_session(pid)


def server_gives_way(connection: Connection) -> bool:
    """Let the server's process behind this connection do so too, for as long as it lasts; whether it does.

    SQL has no word for it. Where the server is on this machine and this user may, the operating system is told.
    """
    with suppress(AttributeError, OSError, ValueError):
        pid = connection.info.backend_pid
        if _parent(pid) == _listener(connection):
            os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
            _lower_session(pid)
            return True
    return False


def in_turns(items: Iterable[Item]) -> Iterator[Item]:
    """The items. After every few of them, whoever waits for this core goes first.

    Priorities say who gets more of a core, not when: one who wakes up may wait for the next tick of the clock, 4 ms.
    """
    left = iter(items)
    while part := list(islice(left, TURN)):
        yield from part
        if len(part) == TURN:
            _let_others_go_first()


def _lower_session(pid: int) -> None:
    # Linux shares its cores among sessions first, where it groups them, and every process of the server has its own.
    with suppress(OSError):
        (PROCESSES / str(pid) / "autogroup").write_text(str(NICENESS))


def _listener(connection: Connection) -> int:
    """Who listens on the other end of a Unix socket, in the numbers of this machine. Raises OSError on another one."""
    with socket.socket(fileno=os.dup(connection.fileno())) as end:
        if end.family != socket.AF_UNIX:
            raise OSError("the server is reached by the network")
        pid: int = PEER.unpack(end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))[0]
    if not pid:
        raise OSError("the server has numbers of its own for its processes")
    return pid


def _let_others_go_first() -> None:
    with suppress(AttributeError):  # Not on every system.
        os.sched_yield()


def _parent(pid: int) -> int:
    # The name of the program, in brackets, may hold anything.
    return int((PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
