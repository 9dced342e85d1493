"""Access: every route, method and role, in both access modes.

A new route fails `test_every_route_has_its_row` until it has one here.
"""

from functools import partial
from itertools import product
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from mlsite.accounts.tokens import issue
from mlsite.models import SignInFailures, Token
from tasks.models import Task
from tests.routes import named, routes

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
MODES = ("open", "token")

# Roles, by session or by token; the last roles exist only as tokens.
SIGNED_IN = ("without", "with", "staff", "manager", "superuser")
ROLES = ("anonymous", *SIGNED_IN, "expired", "revoked", "deactivated")

# Answer of a rule to each role; a dot is the answer in the row itself.
RULES = {
    #                       anonymous without with staff manager superuser expired revoked deactiv.
    ("everybody", "open"): ".         .       .    .     .       .         .       .       .",
    ("everybody", "token"): ".        .       .    .     .       .         .       .       .",
    ("users", "open"): "    .         .       .    .     .       .         401     401     401",
    ("users", "token"): "   401       .       .    .     .       .         401     401     401",
    ("permitted", "open"): ".         .       .    .     .       .         401     401     401",
    ("permitted", "token"): "401      403     .    403   403     .         401     401     401",
    ("managers", "open"): " 401       403     403  403   .       .         401     401     401",
    ("managers", "token"): "401       403     403  403   .       .         401     401     401",
    # The account of the user of a session.
    ("account", "open"): "  302       .       .    .     .       .         302     302     302",
    ("account", "token"): " 302       .       .    .     .       .         302     302     302",
    # The admin takes no token: it redirects users who are not staff to its login.
    ("admin", "open"): "    302       302     302  .     .       .         302     302     302",
    ("admin", "token"): "   302       302     302  .     .       .         302     302     302",
    ("login", "open"): "    .         .       .    302   302     302       .       .       .",
    ("login", "token"): "   .         .       .    302   302     302       .       .       .",
    ("hidden", "open"): "   302       302     302  404   404     .         302     302     302",
    ("hidden", "token"): "  302       302     302  404   404     .         302     302     302",
    ("unseen", "open"): "   302       302     302  302   302     .         302     302     302",
    ("unseen", "token"): "  302       302     302  302   302     .         302     302     302",
    ("kept", "open"): "     302       302     302  403   .       .         302     302     302",
    ("kept", "token"): "    302       302     302  403   .       .         302     302     302",
    ("rows", "open"): "     302       302     302  403   403     .         302     302     302",
    ("rows", "token"): "    302       302     302  403   403     .         302     302     302",
}


def row(path, rule, **answers):
    """A path, its owner, and its answer to allowed roles: 405, unless it states another."""
    answers.setdefault("HEAD", answers.get("GET", 405))
    answers.setdefault("OPTIONS", 200)
    return path, rule, {method: answers.get(method, answers.get("ANY", 405)) for method in METHODS}


def rows_of(label, **change):
    """The pages of one model in the admin, with a row that is there."""
    at, one = f"/admin/{label}/", f"/admin/{label}/{{{label}}}/"
    pages = {
        f"admin/{label}/": row(at, "rows", GET=200, ANY=200),
        f"admin/{label}/add/": row(f"{at}add/", "rows", GET=200, ANY=200),
        f"admin/{label}/<path:object_id>/": row(
            one, "admin", GET=302, ANY=302, OPTIONS=302, TRACE=405
        ),
    }
    for page, answers in (("change", change), ("delete", {}), ("history", {})):
        route = f"admin/{label}/<path:object_id>/{page}/"
        pages[route] = row(f"{one}{page}/", "rows", **{"GET": 200, "ANY": 200} | answers)
    return pages


def kept_of(label, *verbs):
    """The pages of rows that only the registry writes, none of which is there."""
    at = f"/admin/{label}/"
    refused = {"GET": 403, "ANY": 403, "OPTIONS": 403}
    elsewhere = {"GET": 302, "ANY": 302, "OPTIONS": 302}
    one = f"admin/{label}/<path:object_id>/"
    return {
        f"admin/{label}/": row(at, "kept", GET=200, ANY=200),
        f"admin/{label}/add/": row(f"{at}add/", "admin", **refused),
        one: row(f"{at}99/", "admin", **elsewhere, TRACE=405),
        f"{one}change/": row(f"{at}99/change/", "kept", **elsewhere, POST=403),
        f"{one}delete/": row(f"{at}99/delete/", "admin", **refused),
        f"{one}history/": row(f"{at}99/history/", "admin", **elsewhere),
    } | {
        f"admin/{label}/<int:pk>/{verb}/": row(
            f"{at}99/{verb}/", "kept", GET=404, ANY=404, OPTIONS=404
        )
        for verb in verbs
    }


# The row itself answers 400 for a missing body, and 404 for a missing object: the table is about
# asserted is who gets that far.
API = {
    "": row("/", "users", GET=200),
    "<number>/": row("/1", "users", GET=200),
    "schema/": row("/schema/", "users", GET=200),
    "docs/": row("/docs/", "users", GET=200, OPTIONS=405),
    "guide/": row("/guide/", "users", GET=200),
    "guide/<name>/": row("/guide/models", "users", GET=200),
    "metrics/": row("/metrics", "users", GET=200),
    "v2/health/live/": row("/v2/health/live", "everybody", GET=200),
    "v2/health/ready/": row("/v2/health/ready", "everybody", GET=200),
    "predict/": row("/predict", "permitted", GET=200, POST=400),
    "predict/table/": row("/predict/table", "permitted", GET=200, POST=415),
    "models/<name>/predict/table/": row(
        "/models/iris/predict/table", "permitted", GET=200, POST=415
    ),
    "models/<name>/versions/<version>/predict/table/": row(
        "/models/iris/versions/1/predict/table", "permitted", GET=200, POST=415
    ),
    "models/": row("/models/", "permitted", GET=200),
    "models/<name>/": row("/models/iris/", "permitted", GET=200),
    "models/<name>/predict/": row("/models/iris/predict", "permitted", GET=200, POST=400),
    "models/<name>/versions/": row("/models/iris/versions/", "permitted", GET=200, POST=415),
    "models/<name>/versions/<version>/": row("/models/iris/versions/1/", "permitted", GET=200),
    "models/<name>/versions/<version>/predict/": row(
        "/models/iris/versions/1/predict", "permitted", GET=200, POST=400
    ),
    "software/": row("/software/", "permitted", GET=200),
    "models/<name>/promote/": row("/models/iris/promote", "managers", POST=400),
    "models/<name>/retire/": row("/models/iris/retire", "managers", POST=400),
    "models/<name>/purge/": row("/models/iris/purge", "managers", POST=400),
    "models/<name>/rollback/": row("/models/absent/rollback", "managers", POST=404),
    "models/<name>/train/": row("/models/absent/train", "managers", POST=404),
    "models/<name>/reset/": row("/models/absent/reset", "managers", POST=404),
    "models/<name>/unpublish/": row("/models/absent/unpublish", "managers", POST=404),
    "tasks/": row("/tasks/?done=true", "permitted", GET=200, POST=400, DELETE=200),
    "tasks/<pk>/": row("/tasks/99", "permitted", GET=404, PUT=404, PATCH=404, DELETE=404),
}
ADMIN = {
    "auth/account/": row("/auth/account/", "account", GET=200, POST=200, PUT=200),
    "auth/login/": row("/auth/login/", "everybody", GET=200, POST=200, PUT=200),
    "auth/logout/": row("/auth/logout/", "everybody", POST=302),
    "admin/": row("/admin/", "admin", GET=200, ANY=200),
    "admin/login/": row("/admin/login/", "login", GET=200, POST=200, PUT=200),
    "admin/logout/": row("/admin/logout/", "admin", POST=302),
    "admin/<app_label>/": row("/admin/tasks/", "hidden", GET=200, ANY=200),
    "admin/<url>": row("/admin/nothing/", "admin", GET=404, ANY=404, OPTIONS=404),
    "admin/autocomplete/": row("/admin/autocomplete/", "admin", GET=404, ANY=404, OPTIONS=404),
    "admin/jsi18n/": row("/admin/jsi18n/", "admin", GET=200),
    "admin/password_change/": row(
        "/admin/password_change/", "everybody", GET=302, ANY=302, OPTIONS=302, TRACE=405
    ),
    "admin/password_change/done/": row("/admin/password_change/done/", "admin", GET=200),
    "admin/r/<path:content_type_id>/<path:object_id>/": row(
        "/admin/r/9/9/", "admin", GET=404, ANY=404, OPTIONS=404
    ),
    "admin/auth/user/<id>/password/": row(
        "/admin/auth/user/{auth/user}/password/", "rows", GET=200, ANY=200
    ),
    **rows_of("auth/user"),
    **rows_of("auth/group"),
    **rows_of("mlsite/token"),
    **rows_of("mlsite/signinfailures", POST=403),
    **rows_of("tasks/task"),
    **kept_of("predictor/registeredmodel", "rollback", "reset", "unpublish"),
    **kept_of("predictor/modelversion", "promote", "retire", "purge", "switch"),
    **kept_of("predictor/event"),
}
ADMIN["admin/predictor/modelversion/add/"] = row(
    "/admin/predictor/modelversion/add/", "kept", GET=200, ANY=200
)
ADMIN["admin/predictor/registeredmodel/<path:object_id>/change/"] = row(
    "/admin/predictor/registeredmodel/99/change/", "kept", GET=302, ANY=302, OPTIONS=302
)
ADMIN["admin/mlsite/signinfailures/add/"] = row(
    "/admin/mlsite/signinfailures/add/", "admin", GET=403, ANY=403, OPTIONS=403
)
# Others' tokens are not there for who is no superuser: back to the index.
ADMIN["admin/mlsite/token/<path:object_id>/history/"] = row(
    "/admin/mlsite/token/{mlsite/token}/history/", "unseen", GET=200, ANY=200
)
TABLE = API | ADMIN


def test_every_route_has_its_row():
    assert sorted(set(routes())) == sorted(TABLE)  # the site replaces a page of the admin


@pytest.fixture(scope="module")
def things(django_db_setup, django_db_blocker):
    """Primary keys of objects with a page in the admin, by the label of the model."""
    with django_db_blocker.unblock():
        user = User.objects.create_user("matrix")
        made = {
            "auth/user": user,
            "auth/group": Group.objects.create(name="matrix"),
            "mlsite/token": issue(user, "matrix"),
            "mlsite/signinfailures": SignInFailures.objects.create(
                key="0", subject="matrix", failures=1, until=timezone.now()
            ),
            "tasks/task": Task.objects.create(title="matrix"),
        }
        yield {label: thing.pk for label, thing in made.items()}
        for thing in reversed(made.values()):
            thing.delete()


@pytest.fixture(scope="module")
def people(django_db_setup, django_db_blocker):
    """A user for each role."""
    with django_db_blocker.unblock():
        users = {
            role: User.objects.create_user(
                f"matrix-{role}",
                is_staff=role in {"staff", "manager", "superuser"},
                is_superuser=role == "superuser",
                is_active=role != "deactivated",
            )
            for role in ROLES[1:]
        }
        every = Permission.objects.all()
        users["with"].user_permissions.set(every)
        users["manager"].user_permissions.set(every.filter(codename="change_registeredmodel"))
        yield users
        for user in users.values():
            user.delete()


@pytest.fixture(scope="module")
def bearers(people, django_db_blocker):
    """The headers that each role sends with its token."""
    with django_db_blocker.unblock():
        tokens = {role: issue(user, "matrix") for role, user in people.items()}
        tokens["revoked"].delete()
        Token.objects.filter(pk=tokens["expired"].pk).update(expires_at=timezone.now())
    headers = {role: {"authorization": f"Bearer {t.secret}"} for role, t in tokens.items()}
    return {"anonymous": {}} | headers


@pytest.fixture(scope="module")
def sessions(people, django_db_blocker):
    """The cookie of each role that is signed in."""
    with django_db_blocker.unblock():
        kept = {}
        for role in SIGNED_IN:
            somebody = Client()
            somebody.force_login(people[role])
            kept[role] = somebody.cookies["sessionid"].value
        yield kept
        Session.objects.filter(pk__in=kept.values()).delete()


@pytest.fixture(scope="module")
def client():
    """One client for all: each has a chain of middleware of its own, which takes time to make."""
    return Client(raise_request_exception=False)


def expected(route, mode, role, method, *, by_session):
    _, rule, answers = TABLE[route]
    if rule == "permitted" and answers[method] == 405:
        rule = "users"  # a missing page needs no permission
    if (route, method) == ("models/<name>/versions/", "POST"):
        rule = "managers"
    if route in ADMIN and not by_session:
        role = "anonymous"
    if rule == "login" and method != "GET":
        rule = "everybody"
    answer = RULES[rule, mode].split()[ROLES.index(role)]
    return answers[method] if answer == "." else int(answer)


def by_token(client, bearers, path, role, method):
    client.cookies.clear()
    return client.generic(method, path, b"{}", "application/json", headers=bearers[role])


def by_session(client, people, sessions, path, role, method):
    client.cookies.clear()
    if "logout" in path:  # it ends the session
        client.force_login(people[role])
    else:
        client.cookies["sessionid"] = sessions[role]
    return client.generic(method, path, b"{}", "application/json")


def methods_of(route, role):
    """The methods that can be answered each in a way of its own.

    A page that answers all of them alike asks at most whether it is a POST. HEAD is a GET, and
    a missing method is rejected after authentication: two roles and TRACE represent the others.
    """
    answers = TABLE[route][2]
    some = ("GET", "POST", "TRACE") if len(set(answers.values())) == 1 else METHODS
    if role in ("anonymous", "superuser"):
        return some
    return [m for m in some if m == "TRACE" or (m != "HEAD" and answers[m] != 405)]


def surprises(settings, route, things, roles, ask):
    """The cells that differ from the table: the response, and the table's value.

    Roles with a token are tested in both modes. Sessions meet the same permissions, and the admin
    ignores the mode: each of them has one mode for GET and the other for POST.
    """
    path = TABLE[route][0].format_map(things)
    by_session = roles is SIGNED_IN
    both = roles is ROLES
    found = {}
    for (number, mode), role in product(enumerate(MODES), roles):
        settings.API_ACCESS = mode
        for method in methods_of(route, role):
            if not both and (roles.index(role) + METHODS.index(method)) % 2 != number:
                continue
            wanted = expected(route, mode, role, method, by_session=by_session)
            answer = ask(path, role, method).status_code
            if answer != wanted:
                found[mode, role, method] = (answer, wanted)
    return found


@pytest.fixture
def tokens(client, bearers):
    return partial(by_token, client, bearers)


@pytest.fixture
def signed_in(client, people, sessions):
    return partial(by_session, client, people, sessions)


@pytest.mark.parametrize("route", API)
def test_the_api_opens_to_tokens_as_the_table_says(iris, settings, tokens, route):
    assert surprises(settings, route, {}, ROLES, tokens) == {}


@pytest.mark.parametrize("route", API)
def test_the_api_opens_to_sessions_as_the_table_says(iris, settings, signed_in, route):
    assert surprises(settings, route, {}, SIGNED_IN, signed_in) == {}


@pytest.mark.parametrize("route", ADMIN)
def test_the_admin_takes_no_token(db, settings, tokens, things, route):
    roles = ("anonymous", "superuser", "expired", "revoked")
    assert surprises(settings, route, things, roles, tokens) == {}


@pytest.mark.parametrize("route", ADMIN)
def test_the_admin_opens_as_the_table_says(db, settings, signed_in, things, route):
    assert surprises(settings, route, things, SIGNED_IN, signed_in) == {}


@pytest.mark.parametrize("route", TABLE)
def test_the_path_of_a_row_is_answered_by_its_route(things, route):
    assert named(resolve(urlsplit(TABLE[route][0].format_map(things)).path).route) == route
