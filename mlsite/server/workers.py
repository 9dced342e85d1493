"""Granian, set up for this site."""

import resource
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from mlsite.server.respawning import respawn_always

# More than the requests that may run or wait with a body, and those that may wait for the database,
# so that they never keep the others from a thread. Granian starts them as they are needed.
THREADS = 448

# Open connections of each worker, if the limit of descriptors allows it. Further connections wait
# until one is closed.
CONNECTIONS = 1024

# Longest head of a request: its first line and its headers. nginx passes on as much.
MAX_HEAD_BYTES = 2**15

# Descriptors of each worker for its modules, models and metrics, and for each connection: its
# socket, two files of the database, and the socket of an estimator process.
OWN_DESCRIPTORS, DESCRIPTORS_EACH = 128, 4
DESCRIPTORS = OWN_DESCRIPTORS + DESCRIPTORS_EACH * CONNECTIONS
MIN_DESCRIPTORS = 256

# Time for running requests to finish after SIGTERM.
GRACE_S = 30

# Granian's records go where all records go except those of requests.
LOGGING = {"handlers": {}, "loggers": {"_granian": {"propagate": True}, "granian.access": {}}}


def make_server(host: str, port: int, workers: int, scratch: Path) -> MPServer:
    """Return a server for the site.

    Parameters
    ----------
    host : str
    port : int
    workers : int
    scratch : Path
        Directory of the server, which all its processes may write.
    """
    server = MPServer(
        "mlsite.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        # A connection of HTTP/2 could have 200 requests with heads of 16 MB each, and take a thread
        # for each response that the client does not read.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=MAX_HEAD_BYTES),
        workers=workers,
        blocking_threads=THREADS,
        backpressure=max_connections(),
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_S,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
    )
    if settings.RESPAWN_ALWAYS:
        respawn_always(server, scratch)
    return server


def raise_descriptor_limit() -> None:
    """Let this process and its forks open DESCRIPTORS, as far as the hard limit allows it.

    Raises
    ------
    CommandError
        The limit is too low to serve.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if wanted < MIN_DESCRIPTORS:
        raise CommandError(
            f"A process may open {hard} files here; the site needs at least {MIN_DESCRIPTORS}. "
            "Raise the hard limit of open files (`ulimit -Hn`; LimitNOFILE= of systemd)."
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def max_connections() -> int:
    """Return the number of connections for which the limit of descriptors of a worker suffices.

    Without a descriptor for a new connection, a server refuses it, or tries again all the time.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS
    return min(CONNECTIONS, (soft - OWN_DESCRIPTORS) // DESCRIPTORS_EACH)
