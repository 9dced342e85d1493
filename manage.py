#!/usr/bin/env python
"""The site's command line: `.venv/bin/python manage.py help` lists its commands."""

from mlsite.command_line import main

if __name__ == "__main__":
    main()
