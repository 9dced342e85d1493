"""Virtual environments of the peers, made once and again when their requirements change."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from comparison.paths import CACHE
from comparison.peers import Peer

INSTALL_S = 900


class Unavailable(Exception):
    """A peer cannot be measured; the message states the reason."""


def python(peer: Peer) -> Path:
    """Return the interpreter of a peer; one without requirements shares that of this project.

    Raises
    ------
    Unavailable
        Its requirements cannot be installed.
    """
    if not peer.requirements.exists():
        return Path(sys.executable)
    return environment(peer.folder.name, peer.requirements)


def environment(name: str, requirements: Path) -> Path:
    """Return the interpreter of an environment that contains the requirements."""
    home = CACHE / "environments" / name
    interpreter, mark = home / "bin" / "python", home / "made-from"
    # Versions of the indirect requirements, from `pip freeze`.
    constraints = requirements.with_name(requirements.name.replace("requirements", "constraints"))
    content = requirements.read_bytes() + constraints.read_bytes()
    digest = hashlib.sha256(content + sys.version.encode()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return interpreter
    print(f"Making the environment of {name} ...", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(home)])
    options = ["--quiet", "--disable-pip-version-check"]
    files = ["-r", str(requirements), "-c", str(constraints)]
    run([str(interpreter), "-m", "pip", "install", *options, *files])
    mark.write_text(digest)
    return interpreter


def run(command: list[str]) -> None:
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=INSTALL_S
        )
    except subprocess.TimeoutExpired as exc:
        raise Unavailable(f"not installed within {INSTALL_S} s") from exc
    if process.returncode:
        errors = [line for line in process.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable(f"not installed: {(errors or ['no reason given'])[-1]}")


def versions(interpreter: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of packages in an environment."""
    code = (
        "import json, sys, importlib.metadata as m; "
        "print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))"
    )
    process = subprocess.run(
        [interpreter, "-c", code, *packages],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if process.returncode:
        raise Unavailable(f"its environment is incomplete: {process.stderr.splitlines()[-1]}")
    return dict(json.loads(process.stdout))
