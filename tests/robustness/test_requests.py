"""Generated requests of all kinds to every URL: none is a server error.

`make robustness` sends 20,000 requests, `make test` a few hundred.
"""

import os
import re
import traceback
from collections import Counter
from contextlib import contextmanager, nullcontext
from itertools import cycle, islice
from pprint import pformat

import pytest
from django.db import transaction
from django.test import Client

from mlsite.accounts.tokens import issue
from tasks.models import Task
from tests.robustness.admin_requests import AdminGenerator
from tests.robustness.generated_requests import Generator

N_REQUESTS = int(os.environ.get("ROBUSTNESS_REQUESTS", "400"))
SEED = int(os.environ.get("ROBUSTNESS_SEED", "1"))

# These commit transactions of their own.
COMMITS = re.compile(r"/(promote|retire|rollback|reset|unpublish|purge)/?$")


@contextmanager
def rolled_back():
    """Undo the changes of a request, so that each request finds the same users and tasks."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime")
def test_no_request_is_a_server_error(iris, penguins, admin_user, staff, record_testsuite_property):
    def client(user=None):
        made = Client(raise_request_exception=False)
        if user:
            made.force_login(user)
        return made

    clients = {
        "anonymous": client(),
        "admin": client(admin_user),
        "staff": client(staff),
        "token": client(),
    }
    cookies = {name: client.cookies.copy() for name, client in clients.items()}
    for number in range(60):  # two pages of the list in the admin
        Task.objects.create(title=str(number))
    secret = issue(staff, "robustness").secret
    generators = cycle([kind(SEED, clients, secret) for kind in (Generator, AdminGenerator)])
    statuses, failures = Counter(), []
    for generator in islice(generators, N_REQUESTS):
        who, method, path, body, media_type, arguments = drawn = generator.request()
        with nullcontext() if COMMITS.search(path) else rolled_back():
            answer = clients[who].generic(method, path, body, media_type, **arguments)
            b"".join(answer)
        clients[who].cookies = cookies[who].copy()
        statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            failures.append((drawn, error and traceback.format_exception(*error)[-3:]))
    record_testsuite_property("responses", dict(sorted(statuses.items())))
    assert not failures, pformat(failures[:5])
    assert statuses[200] > N_REQUESTS / 20
