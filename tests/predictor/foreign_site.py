"""Run management commands, then requests, in a Django project that is not mlsite.

    python foreign_site.py < {"commands": [[name, argument, ...], ...], "requests": [{...}, ...]}

Writes the responses to standard output as JSON, and the output of the commands to standard error.
A request has the arguments of Django's test client; "staff" logs a superuser in, and "files" are
paths of files to upload.
"""

import json
import sys
from contextlib import ExitStack
from importlib import import_module

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402


def respond(method, path, data=None, *, staff=False, files=(), **options):
    client = Client()
    if staff:
        client.force_login(User.objects.get())
    with ExitStack() as stack:
        if files:
            data = data | {name: stack.enter_context(open(files[name], "rb")) for name in files}  # noqa: PTH123
        response = getattr(client, method)(path, data, **options)
    return {
        "status": response.status_code,
        "content": response.content.decode(),
        "location": response.headers.get("Location"),
    }


plan = json.load(sys.stdin)
for command in plan["commands"]:
    call_command(*command, stdout=sys.stderr)
User.objects.create_superuser("admin", password="only for tests")
if wsgi := getattr(settings, "WSGI_APPLICATION", None):
    import_module(wsgi.rpartition(".")[0])
json.dump([respond(**request) for request in plan["requests"]], sys.stdout)
