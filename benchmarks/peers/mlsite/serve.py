"""Register a model on a new site, then serve the site as a user does."""

import os
import sys
from pathlib import Path

# The checkout to serve: the present checkout, unless TREE is the path of another checkout.
ROOT = Path(__file__).resolve().parents[3] / os.environ.get("TREE", "")


def register() -> None:
    """Prepare the site and make the model live."""
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
    for number in range(int(os.environ.get("COPIES", "0"))):
        name = f"copy-{number}"
        call_command("register", name, str(model), "--allow-pickle", "--promote")
        if number % 2:
            call_command("compile", name, "1", "--off")


register()
sys.stdout.flush()  # the password of the site's administrator
os.execv(  # noqa: S606 - the server replaces this process, and receives its signals
    sys.executable, [sys.executable, str(ROOT / "manage.py"), "serve", *sys.argv[1:]]
)
