#!/usr/bin/env python
"""The site's command line: `python manage.py help` lists its commands."""

import os
import sys

from mlsite.server.output import use_lossy_output
from mlsite.server.scratch import scratch_directory


def main() -> None:
    """Run one management command; a wrong setting ends it with a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlsite.settings")
    if sys.argv[1:2] != ["serve"]:
        run()
        return
    use_lossy_output()
    # The processes of `serve` count together in this directory. prometheus-client reads the
    # variable when it is imported, which happens while Django loads the apps.
    with scratch_directory("mlsite-metrics-") as directory:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        run()


def run() -> None:
    """Run the command."""
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as exc:
        raise SystemExit(
            "Django is not installed here. `make serve` makes the environment that this needs, "
            "or run .venv/bin/python manage.py."
        ) from exc
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as exc:
        raise SystemExit(f"Error: {exc}") from exc


if __name__ == "__main__":
    main()
