"""Serve the site: one command, from a fresh clone to answered requests."""

import errno
import gc
import ipaddress
import multiprocessing
import os
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.management.base import BaseCommand, CommandError

from mlsite.server.workers import Server, become_worker, block_end, unblock_end
from predictor import registry
from predictor.core.cores import cores, keep_to_core
from predictor.runtime import metrics

DEFAULT_BIND = "127.0.0.1:8000"

FORK = multiprocessing.get_context("fork")


class Command(BaseCommand):
    help = "Prepares what is missing, then serves the site until Ctrl-C or SIGTERM."
    requires_system_checks = ()  # `prepare` checks, in a process of its own

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--bind",
            default=DEFAULT_BIND,
            metavar="HOST:PORT",
            help="Where it listens: an IP address or localhost, and a port.",
        )
        parser.add_argument(
            "--workers",
            type=int,
            default=min(len(cores()), 4),
            help="Processes that answer.",
        )

    def handle(self, *, bind: str, workers: int, **_options: Any) -> None:
        host, port = address(bind)
        if workers < 1:
            raise CommandError(f"--workers is {workers}; it takes a number from 1.")
        refuse_open_beyond_loopback(host)
        refuse_taken(host, port)
        with TemporaryDirectory(prefix="mlsite-metrics-") as counts:
            metrics.count_together(counts)
            self.serve(host, port, workers, Path(counts))

    def serve(self, host: str, port: int, workers: int, scratch: Path) -> None:
        """Prepare, say where it is, and answer until told to end."""
        prepare()
        shown = f"[{host}]" if ":" in host else host
        site = settings.PUBLIC_URL.rstrip("/") or f"http://{shown}:{port}"
        self.stdout.write(f"Home  {site}/\nDocs  {site}/docs/\nAdmin {site}/admin/")
        self.stdout.write("Ctrl-C ends it.", ending="\n")
        self.stdout.flush()
        server = Server(host, port, workers, scratch)

        def load() -> Callable[..., Any]:
            become_worker(server)
            keep_to_core(scratch)
            application: Callable[..., Any] = import_module("mlsite.wsgi").application
            server.begun(os.getpid()).touch()
            return application

        # Python forgets a signal that reaches a new process before it runs: it has to wait.
        os.register_at_fork(before=block_end, after_in_parent=unblock_end)
        server.serve(target_loader=load, wrap_loader=False)


def address(bind: str) -> tuple[str, int]:
    """Return the host and the port of HOST:PORT; an IPv6 host stands in brackets."""
    host, _, port = bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise CommandError(f"--bind is {bind!r}; it takes HOST:PORT, such as {DEFAULT_BIND}.")
    return ("127.0.0.1" if host == "localhost" else host), int(port)


def refuse_open_beyond_loopback(host: str) -> None:
    """Refuse to show an open site to other machines, unless the operator said so."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError as exc:
        raise CommandError(f"--bind takes an IP address; got {host}.") from exc
    if not loopback and settings.API_ACCESS_SAID is None:
        raise CommandError(
            f"Not listening on {host}: tasks and predictions are open to whoever can reach it. "
            "Set API_ACCESS=token to ask for a login, or API_ACCESS=open to allow everybody."
        )


def refuse_taken(host: str, port: int) -> None:
    """Refuse an address that something listens on: the kernel would split requests between both."""
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
    """Prepare the site in a child, and import meanwhile what the workers will need.

    Workers are forked from this process, which therefore opens no database and runs no model.
    Nothing that is imported is garbage: the collector does not look for any, and leaves the pages
    that the workers share alone.
    """
    gc.disable()
    needs, told = FORK.Pipe(duplex=False)
    child = FORK.Process(target=prepared, args=(told,))
    child.start()
    told.close()
    import_module(settings.ROOT_URLCONF)
    with suppress(EOFError):  # which its exit code explains
        if needs.recv():
            # Most of what any estimator imports; its own module is for the worker that loads it.
            import_module("sklearn")
    child.join()
    if child.exitcode:
        raise SystemExit(1)
    gc.freeze()
    gc.enable()


def prepared(told: Connection) -> None:
    """Prepare the site, and tell whether workers will need scikit-learn: compiled forms do not."""
    execute_from_command_line([sys.argv[0], "prepare"])
    told.send(registry.needs_estimators())
