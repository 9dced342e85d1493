"""Python processes that are forked from one in which the packages of the site are imported.

Importing Django, NumPy and others takes most of the time of a short command. No module of the site
and no setting is read before the fork.
"""

import atexit
import gc
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent

FORK_SERVER = multiprocessing.get_context("forkserver")
FORK_SERVER.set_forkserver_preload(
    [
        "django.contrib.admin.utils",
        "django.contrib.auth.hashers",
        "django.contrib.messages.storage.fallback",
        "django.contrib.postgres.fields",  # imported by Django REST framework
        "django.core.management",
        "django.core.wsgi",
        "django.db.backends.sqlite3.base",
        "django.db.migrations.executor",
        "django.test",
        "django.views.i18n",
        "environs",
        "granian.server",
        "msgspec",
        "numpy",
        "orjson",
        "psycopg",
        "pygments.formatters.html",
        "pygments.lexers",
        "pythonjsonlogger.json",
        "rest_framework.fields",
        "uritemplate",
        "whitenoise.base",
        "yaml",
    ]
)


class Process:
    """`python *arguments` in a process group of its own, with the methods of a Popen."""

    def __init__(self, arguments, environment, stdout, stderr):
        described = list(map(str, arguments)), environment, str(stdout), str(stderr)
        self.arguments = arguments
        self.process = FORK_SERVER.Process(target=run, args=described)
        self.process.start()
        self.pid = self.process.pid

    def poll(self):
        return self.process.exitcode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout):
        self.process.join(timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired(self.arguments, timeout)
        return self.poll()


def run(arguments, environment, stdout, stderr):
    """Become that Python: run a script, the program of `-c`, or the module of `-m`."""
    gc.freeze()  # none of the imported modules ever goes
    multiprocessing.set_start_method("fork", force=True)  # the default of a new process
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # TMPDIR is read again
    for number, path in ((1, stdout), (2, stderr)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - open as long as the process
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115 - likewise
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115 - likewise
    sys.path.insert(0, str(ROOT))
    try:
        if arguments[0] == "-c":
            sys.argv = ["-c", *arguments[2:]]
            main = sys.modules["__main__"] = ModuleType("__main__")
            exec(compile(arguments[1], "<string>", "exec"), vars(main))  # noqa: S102 - as python -c
        elif arguments[0] == "-m":
            sys.argv = arguments[1:]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = arguments
            runpy.run_path(arguments[0], run_name="__main__")
    finally:
        atexit._run_exitfuncs()  # a multiprocessing.Process ends without them
