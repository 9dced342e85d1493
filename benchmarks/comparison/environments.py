"""An environment of its own for each peer, made once and anew when its requirements change."""

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
    """A peer cannot be measured; the sentence says why."""


def python(peer: Peer) -> Path:
    """Return the interpreter that runs a peer; ours and the floors share the one that runs this.

    Raises
    ------
    Unavailable
        Its requirements cannot be installed.
    """
    if not peer.requirements.exists():
        return Path(sys.executable)
    return environment(peer.folder.name, peer.requirements)


def environment(name: str, requirements: Path) -> Path:
    """Return the interpreter of an environment that holds the requirements."""
    home = CACHE / "environments" / name
    interpreter, mark = home / "bin" / "python", home / "made-from"
    # What those need in turn: as `pip freeze` said when they were measured first.
    constraints = requirements.with_name(requirements.name.replace("requirements", "constraints"))
    content = requirements.read_bytes() + constraints.read_bytes()
    wanted = hashlib.sha256(content + sys.version.encode()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return interpreter
    print(f"Making the environment of {name} ...", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(home)])
    options = ["--quiet", "--disable-pip-version-check"]
    files = ["-r", str(requirements), "-c", str(constraints)]
    run([str(interpreter), "-m", "pip", "install", *options, *files])
    mark.write_text(wanted)
    return interpreter


def run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=INSTALL_S
        )
    except subprocess.TimeoutExpired as exc:
        raise Unavailable(f"not installed within {INSTALL_S} s") from exc
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable(f"not installed: {(said or ['no reason given'])[-1]}")


def versions(interpreter: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of packages in an environment."""
    code = (
        "import json, sys, importlib.metadata as m; "
        "print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))"
    )
    done = subprocess.run(
        [interpreter, "-c", code, *packages],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise Unavailable(f"its environment lacks what it needs: {done.stderr.splitlines()[-1]}")
    return dict(json.loads(done.stdout))
