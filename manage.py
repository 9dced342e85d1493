#!/usr/bin/env python
"""The site's command line: `python manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    """Run one management command; a setting that is wrong ends it with a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlsite.settings")
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
