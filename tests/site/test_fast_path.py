"""The fast path: every answer is Django's, and Django gives all answers but plain predictions."""

import json
import logging
import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from django.contrib.auth.models import Permission, User
from django.core.checks.registry import registry as checks_registry
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_finished, request_started
from django.urls import clear_script_prefix, include, path
from django.utils import timezone
from django.views.decorators.cache import cache_control
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.authentication import RemoteUserAuthentication
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.throttling import AnonRateThrottle
from rest_framework.versioning import AcceptHeaderVersioning
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import BayesianRidge, LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from mlsite.accounts.token_cache import known_tokens
from mlsite.accounts.tokens import issue
from mlsite.apps import check_fast_path
from mlsite.fast_path import SiteFastPath
from mlsite.models import Token
from predictor import registry
from predictor.api.views import Predict
from predictor.core.engines import EstimatorEngine, MethodResults
from predictor.core.errors import Busy, EstimatorFailed, InvalidInput
from predictor.core.model import Model
from predictor.core.signature_inference import infer_signature
from predictor.fast_path import wrapper
from predictor.runtime.store import get_store
from tests.serving import python
from tests.site.differential import JSON, Sites, request

ROW = {"X1": "61.1", "X2": "17.3"}
PENGUIN = {
    "island": "Biscoe",
    "bill_length_mm": 47.5,
    "bill_depth_mm": "15",
    "flipper_length_mm": 218,
    "body_mass_g": 4950,
    "sex": "female",
}
VISIT = {"age": 30.5, "visits": 3, "city": "Oslo", "member": True}

# Requests that the fast path answers, once Django has answered the first of their kind.
PLAIN = {
    "strings": request(body=ROW),
    "numbers": request(body={"X1": 61.1, "X2": 17}),
    "keys in another order": request(body={"X2": 17.3, "X1": -0.0}),
    "white space": request(body=b' {"X1" : 1e1 ,\r\n\t"X2":\n2 }\n'),
    "a key twice": request(body=b'{"X1": "x", "X1": 1, "X2": 2}'),
    "an escaped key": request(body=b'{"\\u0058\\u0031": 1, "X2": 2}'),
    "a float beyond 64 bits": request(body={"X1": 1e30, "X2": 2}),
    "the largest integers": request(body={"X1": 2**63, "X2": -(2**63)}),
    "no rows": request(body=[]),
    "one row in a list": request(body=[ROW]),
    "rows of numbers": request(body=[{"X1": n / 7, "X2": n} for n in range(300)]),
    "rows of strings and numbers": request(body=[ROW, {"X1": 1, "X2": "2"}]),
    "slash": request("/predict/", ROW),
    "by name": request("/models/iris/predict", ROW),
    "by name, slash": request("/models/iris/predict/", ROW),
    "live version": request("/models/iris/versions/1/predict", ROW),
    "live version, slash": request("/models/iris/versions/01/predict/", [ROW]),
    "one output": request(body=ROW, query="outputs=predict"),
    "outputs": request(body=[ROW, ROW], query="outputs=predict,predict_proba"),
    "encoded outputs": request(body=ROW, query="outputs=predict%2Cdecision_function"),
    "an output twice": request(body=ROW, query="outputs=predict_proba,+predict_proba"),
    "charset": request(body=ROW, content_type="application/json; charset=utf-8"),
    "CHARSET": request(body=ROW, content_type="application/json;charset=UTF-8"),
    "accept JSON": request(body=ROW, HTTP_ACCEPT=JSON),
    "accept anything": request(body=ROW, HTTP_ACCEPT="*/*"),
    "accept rather JSON": request(body=ROW, HTTP_ACCEPT="application/json, text/plain, */*;q=0.1"),
    "host with a port": request(body=ROW, HTTP_HOST="127.0.0.1:8000"),
    "IPv6": request(body=ROW, HTTP_HOST="[::1]:8000"),
    "no host": request(body=ROW, HTTP_HOST=None),
    "id": request(body=ROW, HTTP_X_REQUEST_ID="trace-7"),
    "odd id": request(body=ROW, HTTP_X_REQUEST_ID="a b\r\nc"),
    "method override": request(body=ROW, HTTP_X_HTTP_METHOD_OVERRIDE="DELETE"),
    "forwarded": request(body=ROW, HTTP_X_FORWARDED_FOR="1.2.3.4, 5.6.7.8"),
    "unused headers": request(body=ROW, HTTP_IF_NONE_MATCH="*", HTTP_ACCEPT_ENCODING="gzip"),
    "length with zeros": request(body=ROW, CONTENT_LENGTH="000028"),
    "bytes behind the body": request(body=b'{"X1":1,"X2":2}{}', CONTENT_LENGTH="15"),
    "penguin": request("/models/penguins/predict", PENGUIN),
    "penguins with gaps": request(
        "/models/penguins/predict",
        [PENGUIN, PENGUIN | {"sex": None, "bill_length_mm": None}],
        query="outputs=predict,predict_proba",
    ),
    "every kind of column": request("/models/table/predict", [VISIT, VISIT | {"age": None}]),
    "text": request("/models/text/predict", {"x0": "reď wine \u2028"}),
    "several outputs": request("/models/both/predict", [{"x0": 1, "x1": 2}] * 3),
    "several outputs, probabilities": request(
        "/models/both/predict", {"x0": 1, "x1": 2}, query="outputs=predict,predict_proba"
    ),
    "several targets": request("/models/targets/predict", {"x0": 1, "x1": "2"}),
    "NaN as null": request("/models/nan/predict", {"x0": 1, "x1": 2}),
    "infinities": request("/models/infinite/predict", [{"x0": 0, "x1": 0}, {"x0": 1, "x1": 2}]),
    "an infinity": request("/models/infinite/predict", {"x0": 0, "x1": 3}),
    "transform": request("/models/pca/predict", [{"x0": 1, "x1": 2}]),
    "logarithms": request(
        "/models/both/predict", [{"x0": 1, "x1": 2}], query="outputs=predict_log_proba"
    ),
    "a standard deviation": request(
        "/models/ridge/predict", {"x0": 1, "x1": 2}, query="outputs=predict,predict_std"
    ),
}

DEEP = b"[" * 100_000
# Requests that Django answers, rejections most of them.
PASSED_ON = {
    # bodies
    "a column is missing": request(body={"X1": 1}),
    "an unknown column": request(body=ROW | {"X3": 1}),
    "null": request(body=ROW | {"X1": None}),
    "true": request(body=ROW | {"X1": True}),
    "a word": request(body=ROW | {"X1": "heavy"}),
    "nan in quotes": request(body=ROW | {"X1": "nan"}),
    "infinity in quotes": request(body=ROW | {"X1": "inf"}),
    "a list in a column": request(body=ROW | {"X1": [1]}),
    "an object in a column": request(body=[ROW, ROW | {"X1": {}}]),
    "an integer beyond 64 bits": request(body={"X1": 2**64, "X2": 1}),
    "an integer beyond float64": request(body={"X1": 2**53 + 1, "X2": 1}),
    "integers beyond float64": request(body=[ROW, {"X1": 1, "X2": -(2**53) - 1}]),
    "integers beyond 64 bits": request(body=[ROW, {"X1": -(10**400), "X2": 1}]),
    "a float beyond all bits": request(body=b'{"X1": 1e999, "X2": 1}'),
    "NaN": request(body=b'{"X1": NaN, "X2": 1}'),
    "Infinity": request(body=b'[{"X1": -Infinity, "X2": 1}]'),
    "a string": request(body=b'"X1"'),
    "a number": request(body=b"61.1"),
    "JSON null": request(body=b"null"),
    "a list of lists": request(body=[[61.1, 17.3]]),
    "an object among lists": request(body=[ROW, []]),
    "an empty object": request(body={}),
    "a bad value twice": request(body=b'{"X1": 1, "X1": "x", "X2": 2}'),
    "no JSON": request(body=b"X1=61.1&X2=17.3"),
    "a comma too many": request(body=b'{"X1": 1, "X2": 2,}'),
    "more than one document": request(body=b'{"X1": 1, "X2": 2}{}'),
    "byte order mark": request(body=b'\xef\xbb\xbf{"X1": 1, "X2": 2}'),
    "UTF-16": request(body='{"X1": 1, "X2": 2}'.encode("utf-16")),
    "no UTF-8": request(body=b'{"X1": "\xff", "X2": 2}'),
    "a surrogate": request(body=b'{"X1": "\\ud800", "X2": 2}'),
    "a null byte": request(body=b'{"X1": 1, "X2": 2}\0'),
    "deep nesting": request(body=DEEP),
    "deep nesting behind a long integer": request(body=b'{"X1": 1e20, "X2": ' + DEEP),
    "white space alone": request(body=b"  "),
    "no body": request(),
    "an empty form": request(content_type="application/x-www-form-urlencoded"),
    # lengths
    "a truncated body": request(body=ROW, CONTENT_LENGTH="29"),
    "a shorter length": request(body=ROW, CONTENT_LENGTH="27"),
    "no length": request(body=ROW, CONTENT_LENGTH=None),
    "an empty length": request(body=ROW, CONTENT_LENGTH=""),
    "length 0": request(body=ROW, CONTENT_LENGTH="0"),
    "a negative length": request(body=ROW, CONTENT_LENGTH="-1"),
    "a signed length": request(body=ROW, CONTENT_LENGTH="+28"),
    "a length in words": request(body=ROW, CONTENT_LENGTH="x"),
    "a length in other digits": request(body=ROW, CONTENT_LENGTH="²⁸"),
    "a length above the limit": request(body=ROW, CONTENT_LENGTH=str(2**40)),
    "a length of many digits": request(body=ROW, CONTENT_LENGTH="9" * 100),
    # media types
    "a form": request(body=b"X1=1&X2=2", content_type="application/x-www-form-urlencoded"),
    "JSON as a form": request(body=ROW, content_type="application/x-www-form-urlencoded"),
    "multipart": request(body=b"--b--", content_type="multipart/form-data; boundary=b"),
    "plain text": request(body=ROW, content_type="text/plain"),
    "another JSON": request(body=ROW, content_type="application/vnd.api+json"),
    "JSON in capitals": request(body=ROW, content_type="Application/JSON"),
    "latin-1": request(body=ROW, content_type="application/json; charset=latin-1"),
    "no such charset": request(body=ROW, content_type="application/json; charset=x"),
    "no media type": request(body=ROW, content_type=None),
    "an empty media type": request(body=ROW, content_type=""),
    "accept HTML": request(body=ROW, HTTP_ACCEPT="text/html"),
    "accept like a browser": request(body=ROW, HTTP_ACCEPT="text/html,*/*;q=0.8"),
    "accept an image": request(body=ROW, HTTP_ACCEPT="image/png"),
    "accept nonsense": request(body=ROW, HTTP_ACCEPT="nonsense"),
    "indented": request(body=ROW, HTTP_ACCEPT="application/json; indent=2"),
    "indented by nothing": request(body=ROW, HTTP_ACCEPT="application/json;Indent=0"),
    # headers
    "cookie": request(body=ROW, HTTP_COOKIE="a=b"),
    "session": request(body=ROW, HTTP_COOKIE="sessionid=none"),
    "own origin": request(body=ROW, HTTP_ORIGIN="http://localhost"),
    "other origin": request(body=ROW, HTTP_ORIGIN="http://evil.example"),
    "own page": request(body=ROW, HTTP_SEC_FETCH_SITE="same-origin"),
    "other page": request(body=ROW, HTTP_SEC_FETCH_SITE="cross-site"),
    "compressed": request(body=ROW, HTTP_CONTENT_ENCODING="gzip"),
    "chunked": request(body=ROW, HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH=None),
    "chunked, with a length": request(body=ROW, HTTP_TRANSFER_ENCODING="chunked"),
    "expect": request(body=ROW, HTTP_EXPECT="100-continue"),
    "basic": request(body=ROW, HTTP_AUTHORIZATION="Basic YTpi"),
    "other host": request(body=ROW, HTTP_HOST="evil.example"),
    "no valid host": request(body=ROW, HTTP_HOST="local_host:x"),
    "other server": request(body=ROW, HTTP_HOST=None, SERVER_NAME="evil.example"),
    # queries
    "format": request(body=ROW, query="format=json"),
    "a page": request(body=ROW, query="format=api"),
    "no such format": request(body=ROW, query="format=xml"),
    "no such output": request(body=ROW, query="outputs=transform"),
    "empty outputs": request(body=ROW, query="outputs="),
    "outputs and more": request(body=ROW, query="outputs=predict&x=1"),
    "outputs twice": request(body=ROW, query="outputs=predict&outputs=predict_proba"),
    "an encoded name": request(body=ROW, query="%6futputs=predict_proba"),
    "something else": request(body=ROW, query="x=1"),
    "range, refused": request(body=ROW, query="range=refuse"),
    "range, reported": request(body=ROW, query="range=report"),
    "no such action": request(body=ROW, query="range=x"),
    "outputs and range": request(body=ROW, query="outputs=predict&range=report"),
    # methods
    **{
        method: request(body=ROW, method=method)
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "post", "X")
    },
    # paths
    "no such model": request("/models/nothing/predict", ROW),
    "no name of a model": request("/models/IRIS/predict", ROW),
    "a version in an unknown state": request("/models/iris/versions/2/predict", ROW),
    "a retired version": request("/models/iris/versions/3/predict", ROW),
    "no such version": request("/models/iris/versions/9/predict", ROW),
    "no version": request("/models/iris/versions/0/predict", ROW),
    "two slashes": request("/predict//", ROW),
    "a slash before": request("//predict", ROW),
    "capitals": request("/PREDICT", ROW),
    "a path below": request("/predict/x", ROW),
    "another view": request("/models/iris", ROW),
    "a page that needs its slash": request("/admin/login", ROW),
    "no UTF-8 in the path": request("/predict/\xff", ROW),
    "a static file": request("/static/rest_framework/css/default.css", method="GET"),
    "health": request("/v2/health/live", method="GET"),
    "below a prefix": request(body=ROW, SCRIPT_NAME="/ml"),
    "a rewritten path": request(body=ROW, SCRIPT_URL="/ml/predict"),
}

# Requests that either may answer.
EITHER = {
    "a line break in the path": request("/predict\n", ROW),
    "accept HTML rather": request(body=ROW, HTTP_ACCEPT="text/html;q=0.1, application/json"),
    "accept JSON never": request(body=ROW, HTTP_ACCEPT="application/json;q=0, */*"),
    "accept a version": request(body=ROW, HTTP_ACCEPT="application/json; version=1"),
    "accept an empty header": request(body=ROW, HTTP_ACCEPT=""),
    "https": request(body=ROW, **{"wsgi.url_scheme": "https"}),
    "another port": request(body=ROW, HTTP_HOST=None, SERVER_PORT="8000"),
}


@pytest.fixture(scope="module")
def estimators():
    """Models of every kind of column and output, run by scikit-learn."""
    rows, labels = 30, np.arange(30) % 2
    X = np.arange(60.0).reshape(rows, 2)
    table = pd.DataFrame(
        {
            "age": np.linspace(20, 60, rows),
            "visits": np.arange(rows, dtype="int16"),
            "city": ["Oslo", "Bergen", "Tromsø"] * 10,
            "member": [True, False] * 15,
        }
    )
    columns = make_column_transformer(
        (SimpleImputer(), ["age"]),
        (OneHotEncoder(), ["city"]),
        ("passthrough", ["visits", "member"]),
    )
    texts = ["red wine", "white wine", "dark beer"] * 10
    both = np.column_stack([labels, np.where(labels, "a", "b")])
    return {
        "table": Signed(make_pipeline(columns, LogisticRegression()).fit(table, labels), table),
        "text": Signed(make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, labels), texts),
        "both": Signed(DecisionTreeClassifier(max_depth=2).fit(X, both), X),
        "targets": Signed(DecisionTreeRegressor(max_depth=2).fit(X, X), X),
        "nan": Signed(NotANumber(max_depth=2).fit(X, labels), X),
        "infinite": Signed(FunctionTransformer(log).fit(X), X),
        "pca": Signed(PCA(1).fit(X), X),
        "ridge": Signed(BayesianRidge().fit(X, labels), X),
    }


def log(X):
    with np.errstate(divide="ignore"):
        return np.log(X)


class NotANumber(DecisionTreeRegressor):
    """Predicts nothing."""

    def predict(self, X):
        return np.full(len(X), np.nan)


def Signed(estimator, X):  # noqa: N802 - a constructor
    return infer_signature(estimator, sample=X), EstimatorEngine(estimator)


@pytest.fixture
def models(iris, register, penguins, estimators):
    """Iris (version 2 is ready, version 3 is retired), penguins and the estimators."""
    register()
    registry.retire(register())
    store = get_store()
    store.get("iris", 2)
    for name, (signature, engine) in estimators.items():
        store._live[name] = Model(name, 1, signature, engine)
    return store


@pytest.fixture
def access_log():
    """The access log, without its own handlers."""
    log = logging.getLogger("mlsite.requests")
    handlers, log.handlers = log.handlers, []
    yield log
    log.handlers = handlers


@pytest.fixture
def make_sites(models, access_log, settings):
    """Build both sites with the settings of the test."""

    def make_sites(**changes):
        for name, value in changes.items():
            setattr(settings, name, value)
        sites = Sites(settings.MAX_BODY_BYTES)
        access_log.handlers = [sites.log]
        return sites

    yield make_sites
    clear_script_prefix()


@pytest.fixture
def sites(make_sites):
    return make_sites()


def compiled_results(sites, requests):
    """The names of the requests that the fast path answered; every answer was Django's."""
    names = []
    for name, environ in requests.items():
        outcomes, by_fast_path = sites.compare(environ)
        assert (name, *outcomes[1:]) == (name, *outcomes[:1] * 2)
        if by_fast_path:
            names.append(name)
    return names


def test_every_answer_is_djangos_and_the_plain_ones_are_given_before_it(sites):
    names = compiled_results(sites, PLAIN | PASSED_ON | EITHER)
    assert [name for name in names if name not in EITHER] == list(PLAIN)


def test_django_answers_the_first_request_of_each_kind(sites):
    for _ in range(3):
        sites.outcome(sites.with_fast_path, PLAIN["strings"])
        assert sites.passed_on == 1


PATHS = (
    *("/predict", "/predict/", "/models/iris/predict", "/models/iris/versions/1/predict") * 3,
    "/models/table/predict",
    "/models/iris/versions/3/predict",
    "/models/none/predict",
    "/models/",
)
VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**65), 2**65),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.sampled_from([None, True, "", "x", " 1", "1e3", [], {}, 10**400]),
)
NUMBERS = st.one_of(st.integers(-100, 100), st.floats(-100, 100), st.floats(-9, 9).map(str))
VISITS = st.fixed_dictionaries(
    {
        "age": NUMBERS | st.none(),
        "visits": st.integers(-40_000, 40_000) | st.just("3"),
        "city": st.sampled_from(["Oslo", "Bergen", "Paris"]),
        "member": st.booleans(),
    }
)
ROWS = st.one_of(
    st.fixed_dictionaries({"X1": NUMBERS, "X2": NUMBERS}),
    st.fixed_dictionaries({"X1": VALUES}, optional={"X2": VALUES, "X3": VALUES}),
    VISITS,
)
BODIES = st.one_of(
    ROWS.map(json.dumps),
    st.lists(ROWS, max_size=4).map(json.dumps),
    st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3), max_leaves=5).map(json.dumps),
    st.text(max_size=20),
).map(str.encode)
PLACES, BYTES = st.integers(0, 40), st.binary(max_size=2)
# From where to where in the body stand which other bytes.
CHANGES = st.none() | st.none() | st.tuples(PLACES, PLACES, BYTES)
QUERIES = ("", "", "", "outputs=predict", "outputs=predict_proba,predict", "outputs=score", "a=b")
VARIABLES = [
    {name: value}
    for environ in (PLAIN | PASSED_ON | EITHER).values()
    for name, value in environ.items()
    if name not in ("wsgi.input", "PATH_INFO") and value != PLAIN["strings"].get(name)
]


@hypothesis_settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(PATHS),
    body=BODIES,
    change=CHANGES,
    query=st.sampled_from(QUERIES),
    variables=st.lists(st.sampled_from(VARIABLES), max_size=2),
)
def test_every_answer_to_a_generated_request_is_djangos(
    sites, path, body, change, query, variables
):
    if change:
        start, stop, others = change
        body = body[:start] + others + body[stop:]
    environ = request(path, body, query=query)
    for variable in variables:
        environ |= variable
    compiled_results(sites, {"generated": environ})


# Access


@pytest.fixture
def followed(db):
    """Tokens that this process keeps; the test reads them again in the place of the thread."""
    trusted_s, known_tokens._trusted_s = known_tokens._trusted_s, 60
    yield known_tokens
    known_tokens._trusted_s = trusted_s
    known_tokens._cached.clear()


@pytest.fixture
def tokens(followed):
    """A token of each kind of user, and tokens that will not be valid for long."""
    ann, ben, root, gone = (
        User.objects.create_user(name) for name in ("ann", "ben", "root", "gone")
    )
    ann.user_permissions.add(Permission.objects.get(codename="predict"))
    gone.user_permissions.add(Permission.objects.get(codename="predict"))
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    users = {"permitted": ann, "not permitted": ben, "superuser": root}
    users |= {"expired": ann, "revoked": ann, "deactivated": gone}
    return {name: issue(user, name) for name, user in users.items()}


def with_credential(credential):
    return request(body=ROW, HTTP_AUTHORIZATION=credential)


ACCESS = {
    "open": ["permitted", "not permitted", "superuser"],
    "token": ["permitted", "superuser"],
}


@pytest.mark.parametrize("access", ACCESS)
def test_a_token_counts_as_long_as_it_is_known_to_be_valid(make_sites, tokens, followed, access):
    sites = make_sites(API_ACCESS=access)
    requests = {name: with_credential(f"Bearer {tokens[name].secret}") for name in tokens}
    assert (
        compiled_results(sites, requests) == []
    )  # the rights of their users have not been read yet
    followed.refresh()
    assert compiled_results(sites, requests) == [
        *ACCESS[access],
        "expired",
        "revoked",
        "deactivated",
    ]
    Token.objects.filter(name="expired").update(expires_at=timezone.now() - timedelta(seconds=1))
    Token.objects.filter(name="revoked").delete()
    User.objects.filter(username="gone").update(is_active=False)
    followed.refresh()
    assert compiled_results(sites, requests) == ACCESS[access]
    User.objects.get(username="ann").user_permissions.clear()
    User.objects.filter(username="root").update(is_superuser=False)
    followed.refresh()
    assert compiled_results(sites, requests) == (ACCESS["open"] if access == "open" else [])


@pytest.mark.parametrize("access", ACCESS)
def test_other_credentials_are_left_to_django(make_sites, tokens, followed, access):
    sites = make_sites(API_ACCESS=access)
    good = tokens["permitted"].secret
    spellings = [f"Bearer {good}", f"token {good}", f"BEARER   {good} "]
    others = ["", "Bearer", "Bearer a b", f"Bearer {good}x", f"Digest {good}", f"Basic {good}"]
    others += [good, f"Bearer mlsite_{'a' * 43}", "Token \xe9\x00"]
    requests = {credential: with_credential(credential) for credential in spellings + others}
    compiled_results(sites, requests)
    followed.refresh()
    assert compiled_results(sites, requests) == spellings


def test_a_closed_site_answers_no_request_without_a_token(make_sites, tokens, followed):
    sites = make_sites(API_ACCESS="token")
    assert compiled_results(sites, PLAIN) == []
    assert {status for _, _, status, *_ in sites.log.lines} == {401}


def test_a_token_that_is_not_read_again_is_left_to_django(make_sites, tokens, followed):
    sites, environ = make_sites(), with_credential(f"Bearer {tokens['permitted'].secret}")
    sites.outcome(sites.without, environ)
    followed.refresh()
    assert compiled_results(sites, {"known": environ}) == ["known"]
    followed._trusted_s = 0
    assert compiled_results(sites, {"known": environ}) == []


# Hosts and schemes

HTTPS = {
    "ALLOWED_HOSTS": ["models.example.org"],
    "CSRF_TRUSTED_ORIGINS": ["https://models.example.org"],
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 3600,
    "SESSION_COOKIE_SECURE": True,
}


def forwarded(**variables):
    return request(body=ROW, HTTP_HOST="models.example.org", **variables)


def test_https_is_required_where_django_requires_it(make_sites):
    sites = make_sites(**HTTPS)
    requests = {
        "https": forwarded(HTTP_X_FORWARDED_PROTO="https"),
        "https first": forwarded(HTTP_X_FORWARDED_PROTO="https, http"),
        "http": forwarded(),
        "http first": forwarded(HTTP_X_FORWARDED_PROTO="http, https"),
        "in capitals": forwarded(HTTP_X_FORWARDED_PROTO="HTTPS"),
        "said by the server": forwarded(**{"wsgi.url_scheme": "https"}),
        "other host": request(body=ROW, HTTP_X_FORWARDED_PROTO="https"),
    }
    assert compiled_results(sites, requests) == ["https", "https first", "said by the server"]
    (*_, answer), _ = sites.compare(requests["https"])
    assert ("Strict-Transport-Security", "max-age=3600") in answer.headers


def test_forwarded_hosts_and_ports_count_where_django_reads_them(make_sites):
    sites = make_sites(
        ALLOWED_HOSTS=["inside", ".example.org"],
        USE_X_FORWARDED_HOST=True,
        USE_X_FORWARDED_PORT=True,
        TRUSTED_PROXIES=1,
    )
    requests = {
        host: request(body=ROW, HTTP_HOST="inside", HTTP_X_FORWARDED_HOST=host, **more)
        for host, more in {
            "models.example.org": {"HTTP_X_FORWARDED_FOR": "1.2.3.4"},
            "example.org": {"HTTP_X_FORWARDED_PORT": "8000"},
            "evil.example": {},
            "models.example.org, inside": {},
        }.items()
    }
    assert compiled_results(sites, requests) == ["models.example.org", "example.org"]


def test_other_settings_of_djangos_middleware_count(make_sites):
    sites = make_sites(DISALLOWED_USER_AGENTS=[re.compile("bot")])
    agents = {name: request(body=ROW, HTTP_USER_AGENT=name) for name in ("wrk", "a bot")}
    assert compiled_results(sites, agents) == ["wrk"]
    sites = make_sites(PREPEND_WWW=True, ALLOWED_HOSTS=["localhost", "www.localhost"])
    hosts = {name: request(body=ROW, HTTP_HOST=name) for name in ("localhost", "www.localhost")}
    assert compiled_results(sites, hosts) == ["www.localhost"]
    assert compiled_results(make_sites(FORCE_SCRIPT_NAME="/ml"), {"row": PLAIN["strings"]}) == []


def test_a_body_above_the_limit_is_left_to_django(make_sites):
    sites = make_sites(MAX_BODY_BYTES=28, DATA_UPLOAD_MAX_MEMORY_SIZE=28)
    requests = {n: request(body=b'{"X1": 1, "X2": 2}'.ljust(n)) for n in (28, 29)}
    assert compiled_results(sites, requests) == [28]


# Models


def test_a_version_by_number_is_answered_while_it_may_be(sites, models):
    environ = {"second": request("/models/iris/versions/2/predict", ROW)}
    assert compiled_results(sites, environ) == []
    models._following = True
    assert compiled_results(sites, environ) == ["second"]
    registry.retire(registry.version("iris", 2))
    models._read_live()
    assert compiled_results(sites, environ) == []


def test_a_promotion_and_the_end_of_a_model_count_at_once(sites, models):
    environ = {"row": PLAIN["strings"]}
    assert compiled_results(sites, environ) == ["row"]
    registry.promote(registry.version("iris", 2))
    models.refresh()
    (*_, answer), by_fast_path = sites.compare(PLAIN["strings"])
    assert by_fast_path
    assert ("X-Model-Version", "2") in answer.headers
    registry.unpublish("iris")
    models.refresh()
    assert compiled_results(sites, environ) == []


class Moody:
    """An engine that raises, or returns a value that JSON does not have."""

    def __init__(self):
        self.result = np.array([1])

    def run(self, methods, _X):
        if isinstance(self.result, Exception):
            raise self.result
        return MethodResults(dict.fromkeys(methods, self.result), "moody")

    def name(self, _n_samples):
        return "moody"


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (np.array([1.5]), 200),
        (np.array([np.nan]), 200),
        (np.array([-np.inf]), 200),
        (np.array([2**70], dtype=object), 500),
        (Busy("Too many requests wait."), 503),
        (EstimatorFailed("The estimator exceeded its time limit."), 503),
        (InvalidInput("The estimator refuses the rows."), 400),
        (MemoryError("no room"), 500),
    ],
)
def test_an_error_is_told_and_counted_once_by_django(sites, models, caplog, result, status):
    signature, moody = models.get("pca").signature, Moody()
    models._live["moody"] = Model("moody", 1, replace(signature, methods=("predict",)), moody)
    environ = {"row": request("/models/moody/predict", {"x0": 1, "x1": 2})}
    assert compiled_results(sites, environ) == ["row"]
    moody.result = result
    assert compiled_results(sites, environ) == (["row"] if status == 200 else [])
    assert [status for _, _, status, *_ in sites.log.lines] == [status]


# Parts that switch it off


def is_switched_off(sites):
    """Return whether Django answers a plain prediction every time."""
    return (
        compiled_results(sites, {"row": PLAIN["strings"]}) == [] and not sites.with_fast_path.is_on
    )


def warnings():
    return [warning.msg for warning in check_fast_path()]


def test_nothing_of_the_site_switches_it_off():
    assert warnings() == []
    assert check_fast_path in checks_registry.get_checks()


def test_a_middleware_that_it_does_not_know_switches_it_off(make_sites, settings, caplog):
    name = "tests.site.differential.Stamp"
    sites = make_sites(MIDDLEWARE=[*settings.MIDDLEWARE, name])
    for number in ("1", "2", "3"):
        answer = sites.outcome(sites.with_fast_path, PLAIN["strings"])
        assert ("X-Stamp", number) in answer.headers
    assert sites.passed_on == 3
    sentence = f"The fast path is off: it does not know the middleware {name}."
    assert [r.getMessage() for r in caplog.records if r.name == wrapper.__name__] == [sentence]
    (warning,) = check_fast_path()
    assert (warning.msg, warning.id) == (sentence, "predictor.W003")
    assert "FAST_PATH=false" in warning.hint
    settings.FAST_PATH = False
    assert warnings() == []


SIGNALS = {
    "request_started": request_started,
    "request_finished": request_finished,
    "got_request_exception": got_request_exception,
}


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("sender", [None, WSGIHandler])
def test_a_receiver_is_named(sites, name, sender):
    def receiver(**_kwargs):
        called.append(name)

    called, label = [], f"{__name__}.test_a_receiver_is_named.<locals>.receiver"
    SIGNALS[name].connect(receiver, sender=sender)
    try:
        assert is_switched_off(sites)
        assert warnings() == [f"The fast path is off: {label} receives the signal {name}."]
    finally:
        SIGNALS[name].disconnect(receiver, sender=sender)
    assert len(called) == (0 if name == "got_request_exception" else 3)


@pytest.mark.parametrize(
    ("attribute", "component"),
    [
        ("authentication_classes", RemoteUserAuthentication),
        ("permission_classes", AllowAny),
        ("throttle_classes", AnonRateThrottle),
        ("parser_classes", JSONParser),
        ("renderer_classes", JSONRenderer),
        ("versioning_class", AcceptHeaderVersioning),
    ],
)
def test_a_class_of_the_api_that_it_does_not_know_switches_it_off(
    sites, monkeypatch, attribute, component
):
    monkeypatch.setattr(AnonRateThrottle, "rate", "1000/hour", raising=False)
    others = getattr(Predict, attribute)
    monkeypatch.setattr(Predict, attribute, component if others is None else [*others, component])
    assert is_switched_off(sites)
    name, view = f"{component.__module__}.{component.__qualname__}", "predictor.api.views.Predict"
    assert f"The fast path is off: it does not know {name}, which {view} uses." in warnings()


class OwnPredict(Predict):
    """A view of another project, which may have changed anything."""


@pytest.mark.parametrize(
    ("view", "obstacle"),
    [
        (OwnPredict.as_view(), "OwnPredict states no codec."),
        (
            cache_control(private=True)(Predict.as_view()),
            "Predict has a decorator or arguments of as_view.",
        ),
        (Predict.as_view(page=None), "Predict has a decorator or arguments of as_view."),
    ],
)
def test_a_view_that_it_does_not_know_is_asked(make_sites, view, obstacle):
    class Urls:
        urlpatterns = [path("predict", view)]

    sites = make_sites(ROOT_URLCONF=Urls)
    assert compiled_results(sites, {"row": PLAIN["strings"]}) == []
    (warning,) = warnings()
    assert warning.endswith(obstacle)


def test_the_predictions_may_stand_at_any_address(make_sites):
    class Urls:
        urlpatterns = [path("ml/", include("predictor.urls"))]

    sites = make_sites(ROOT_URLCONF=Urls)
    requests = {
        address: request(address, ROW)
        for address in ("/ml/predict", "/ml/models/iris/versions/1/predict/", "/predict")
    }
    assert compiled_results(sites, requests) == list(requests)[:2]
    assert warnings() == []


@pytest.mark.parametrize(("switch", "name"), [("true", "FastPath"), ("false", "RequestBody")])
def test_the_switch(prepared, switch, name):
    program = "from mlsite.wsgi import application; print(type(application.application).__name__)"
    assert python(prepared, "-c", program, FAST_PATH=switch).stdout == f"{name}\n"


# The wrapper itself


def test_the_memory_for_kinds_is_bounded(sites, monkeypatch):
    monkeypatch.setattr(wrapper, "MAX_KINDS", 3)
    requests = {n: request(body=ROW, query=f"outputs=predict{'+' * n}") for n in range(7)}
    assert compiled_results(sites, requests) == list(requests)
    assert len(sites.with_fast_path._kinds) <= 3
    long = request(body=ROW, HTTP_ACCEPT="application/json" + ", a/b" * 300)
    assert compiled_results(sites, {"long": long}) == []


@pytest.mark.parametrize(("body", "status"), [(ROW, "200 OK"), ({"X1": 1}, "400 Bad Request")])
def test_without_the_body_wrapper_django_reads_the_body_again(sites, body, status):
    fast_path = SiteFastPath(sites.django)
    for _ in range(3):
        sites.outcome(fast_path, PLAIN["strings"])
    environ = request(body=body)
    assert sites.outcome(fast_path, environ) == sites.outcome(sites.django, environ)
    assert sites.outcome(fast_path, environ).status == status
