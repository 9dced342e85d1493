"""Granian, set up for this site."""

from pathlib import Path

from django.conf import settings
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import MPServer

from mlsite.server.respawning import respawn_always

# More than the requests that may wait for models and for the database at once, so that they never
# keep the others from a thread. Granian starts them as they are needed.
THREADS = 256

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
        workers=workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_S,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
    )
    if settings.RESPAWN_ALWAYS:
        respawn_always(server, scratch)
    return server
