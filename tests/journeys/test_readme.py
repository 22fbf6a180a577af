"""The README's session is run as it stands: what it prints is what the README says, `…` standing for anything."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.processes import running

README = Path(__file__).parents[2] / "README.md"
MARK = "@@ the next command @@"


class Step:
    """A command of a session, and what the README says it prints."""

    def __init__(self, text: str) -> None:
        lines = text.splitlines()
        more = [line for line in lines[1:] if line.startswith("> ")]
        self.command = "\n".join([lines[0], *(line[2:] for line in more)])
        self.output = "\n".join(line for line in lines[1:] if not line.startswith("> "))

    def matches(self, printed: str) -> bool:
        pattern = ".*".join(re.escape(part) for part in self.output.split("…"))
        return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def sessions() -> list[list[Step]]:
    blocks = re.findall(r"^```console\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    return [[Step(text) for text in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]] for block in blocks]


def shell(steps: list[Step], folder: Path, database_url: str, replacing: tuple[str, str]) -> list[str]:
    """What each command printed, all in one shell."""
    script = f"\necho '{MARK}'\n".join(step.command.replace(*replacing) for step in steps)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    return done.stdout.split(f"{MARK}\n")


def test_the_session_prints_what_the_readme_says(database_url, tmp_path):
    serving, session = sessions()
    command = shlex.split(serving[0].command)
    assert command == ["milepost", "serve", "--port", "8000"]

    with running("serve", "--port", 0, "--json", database_url=database_url, folder=tmp_path) as run:
        port = re.search(r":(\d+)", run.printed[0])[1]
        printed = shell(session, tmp_path, database_url, ("localhost:8000", f"127.0.0.1:{port}"))

    for step, output in zip(session, printed, strict=True):
        assert step.matches(output), f"{step.command}\nsays: {step.output}\nprints: {output}"


def test_the_commands_that_the_readme_promises_are_targets_of_make():
    promised = set(re.findall(r"^make (\w+)", README.read_text(), re.MULTILINE))

    targets = set(re.findall(r"^(\w+):", (README.parent / "Makefile").read_text(), re.MULTILINE))

    assert {"demo", "test"} <= promised <= targets
