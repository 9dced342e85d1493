"""The site's command line: `manage.py` in a clone, `mlsite` where the wheel is installed."""

import os
import shutil
import sys
from pathlib import Path

from mlsite.server.output import use_lossy_output
from mlsite.server.scratch import memory_directory, scratch_directory

# Name of the command that the wheel installs.
COMMAND = "mlsite"


def main() -> None:
    """Run one management command; a wrong setting ends it with a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlsite.settings")
    if sys.argv[1:2] != ["serve"]:
        run()
        return
    use_lossy_output()
    # The processes of `serve` count together in this directory. prometheus-client reads the
    # variable when it is imported, which happens while Django loads the apps.
    with scratch_directory(memory_directory()) as directory:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
        run()


def run() -> None:
    """Run the command."""
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as exc:
        raise SystemExit(
            "Django is not installed here. Run: pip install 'mlsite[server]'. In a clone, "
            "`make serve` makes the environment; then run .venv/bin/python manage.py."
        ) from exc
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as exc:
        raise SystemExit(f"Error: {exc}") from exc


def program() -> str:
    """Return the command as it is typed in the current directory, without its arguments."""
    command = Path(sys.argv[0])
    if command.name != COMMAND:
        return f"{_shorten(sys.executable)} manage.py"
    return COMMAND if shutil.which(COMMAND) == str(command) else _shorten(str(command))


def _shorten(path: str) -> str:
    """Return a path relative to the current directory, if it lies below."""
    here = Path.cwd()
    return str(Path(path).relative_to(here) if Path(path).is_relative_to(here) else path)
