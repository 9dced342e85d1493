"""Serve the site: one command from a fresh clone to answered requests."""

import errno
import ipaddress
import multiprocessing
import os
import socket
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.management.base import BaseCommand, CommandError

from mlsite.server.cpu_affinity import keep_to_core, usable_cores
from mlsite.server.parent import listen, run
from mlsite.server.respawning import mark_loaded
from mlsite.server.scratch import disk_directory, memory_directory, scratch_directory
from mlsite.server.signals import delay_sigterm_while_forking, set_up_worker
from mlsite.server.workers import make_server, raise_descriptor_limit
from predictor.isolation.supervisor_client import get_supervisor

DEFAULT_BIND = "127.0.0.1:8000"

# Each worker has the models in its memory.
MAX_DEFAULT_WORKERS = 4

# Socket of the supervisor of estimator processes, in the directory of the server.
SUPERVISOR = "supervisor.sock"

FORK = multiprocessing.get_context("fork")


class Command(BaseCommand):
    help = "Prepares the database and the models, then serves the site until Ctrl-C or SIGTERM."
    requires_system_checks = ()  # `prepare` runs them, in a process of its own

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--bind",
            default=DEFAULT_BIND,
            metavar="HOST:PORT",
            help="Address to listen on: an IP address or localhost, and a port.",
        )
        parser.add_argument(
            "--workers",
            type=int,
            default=min(usable_cores(settings.CPU_CORES), MAX_DEFAULT_WORKERS),
            help="Number of processes that answer requests.",
        )

    def handle(self, *, bind: str, workers: int, **_options: Any) -> None:
        host, port = address(bind)
        if workers < 1:
            raise CommandError(f"--workers is {workers}; it takes a number from 1.")
        refuse_open_beyond_loopback(host)
        refuse_taken(host, port)
        raise_descriptor_limit()
        with (
            scratch_directory(memory_directory()) as scratch,
            scratch_directory(disk_directory()) as temporary,
        ):
            tempfile.tempdir = str(temporary)  # of this process and its forks
            self.serve(host, port, workers, scratch)

    def serve(self, host: str, port: int, workers: int, scratch: Path) -> None:
        """Prepare, print the addresses, and answer requests until the server is told to end."""
        import_module(settings.ROOT_URLCONF)  # once for all forks: `prepare` and the workers
        prepare()
        netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        site = settings.PUBLIC_URL.rstrip("/") or f"http://{netloc}"
        self.stdout.write(f"Home  {site}/\nDocs  {site}/docs/\nAdmin {site}/admin/")
        self.stdout.write("Ctrl-C ends it.", ending="\n")
        self.stdout.flush()
        with listen(scratch / SUPERVISOR) as listener:
            if code := run(partial(serve_requests, host, port, workers, scratch), listener):
                raise SystemExit(code)


def serve_requests(host: str, port: int, workers: int, scratch: Path) -> None:
    """Run Granian, which forks the workers from this process."""
    parent = os.getpid()
    pins = settings.CPU_AFFINITY and workers <= usable_cores(settings.CPU_CORES)

    def load() -> Callable[..., Any]:
        set_up_worker(parent)
        if pins:
            keep_to_core(settings.CPU_CORES, scratch)
        get_supervisor().use(scratch / SUPERVISOR)
        application: Callable[..., Any] = import_module("mlsite.wsgi").application
        mark_loaded(scratch)
        return application

    server = make_server(host, port, workers, scratch)
    delay_sigterm_while_forking()
    server.serve(target_loader=load, wrap_loader=False)


def address(bind: str) -> tuple[str, int]:
    """Return the host and the port of HOST:PORT; an IPv6 host is in brackets."""
    host, _, port = bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise CommandError(f"--bind is {bind!r}; it takes HOST:PORT, such as {DEFAULT_BIND}.")
    return ("127.0.0.1" if host == "localhost" else host), int(port)


def refuse_open_beyond_loopback(host: str) -> None:
    """Refuse to show an open site to other machines, unless the operator set API_ACCESS."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError as exc:
        raise CommandError(f"--bind takes an IP address; got {host}.") from exc
    if not loopback and settings.EXPLICIT_API_ACCESS is None:
        raise CommandError(
            f"Not listening on {host}: tasks and predictions are open to every client that reaches "
            "it. Set API_ACCESS=token to require a login, or API_ACCESS=open to allow all clients."
        )


def refuse_taken(host: str, port: int) -> None:
    """Refuse an address in use: the kernel would split the requests between both servers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            why = (
                "something listens there already" if exc.errno == errno.EADDRINUSE else exc.strerror
            )
            raise CommandError(f"Cannot listen on {host}:{port}: {why}.") from exc


def prepare() -> None:
    """Prepare the site in a child process.

    The workers are forked from this process. It must not open a database or run a model.
    """
    child = FORK.Process(target=execute_from_command_line, args=([sys.argv[0], "prepare"],))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(1)
