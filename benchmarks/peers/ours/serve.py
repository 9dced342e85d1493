"""Register a model on a new site, then serve it as a user does."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def register() -> None:
    """Make the site, with the model live."""
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "mlsite.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("prepare")
    model = Path(os.environ["MODEL"])
    call_command("register", "bench", str(model), "--allow-pickle", "--promote")
    if model.stem == "uncompiled":
        call_command("compile", "bench", "1", "--off")


register()
os.execv(  # noqa: S606 - it becomes the server, which signals then reach
    sys.executable, [sys.executable, str(ROOT / "manage.py"), "serve", *sys.argv[1:]]
)
