"""Environment of child processes: no secrets, and one thread for numerical libraries."""

import os
import sys

INHERITED = ("PATH", "LANG", "VIRTUAL_ENV")

# Further threads need memory, which is limited, and a fork of a process with threads cannot use
# OpenMP. joblib would start a process to count cores.
SINGLE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


def child_environment() -> dict[str, str]:
    """Return the environment of a child process, which imports from the same places."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, sys.path))
    return environment | dict.fromkeys(SINGLE, "1")
