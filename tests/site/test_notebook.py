"""From a notebook to HTTP, as its page says: each line run, and the answer that it shows."""

import json
import re
import shutil
import subprocess
import sys
import warnings
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from predictor.core import publish, save
from predictor.core.artifacts.software_versions import get_installed_versions
from predictor.core.site_client import SiteError
from tests.predictor.core.tutorial import COEFFICIENTS, INTERCEPTS, final_model
from tests.serving import ROOT, START_S, Site, environment, free_port, manage, until

pytestmark = pytest.mark.xdist_group("site")

PAGE = (ROOT / "docs" / "notebook.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def lines(beginning):
    """The lines of the page that begin so."""
    return [line for line in PAGE.splitlines() if line.startswith(beginning)]


# One process for all: scikit-learn takes seconds to import. The notebook's lines come first, while
# nothing else is there.
NOTEBOOK = """
import os, shlex, sys
home, root, program, *commands = sys.argv[1:]
os.chdir(home)
exec(program, {"__name__": "__main__"})
assert "django" not in sys.modules
os.chdir(root)
from django.core.management import execute_from_command_line
for command in commands:
    execute_from_command_line(shlex.split(command))
    print("----")
"""


@pytest.fixture(scope="module")
def said(site, tmp_path_factory):
    """The output of each command, after which the models exist beside the site's own."""
    home = tmp_path_factory.mktemp("notebook")
    (home / "final_model.pkl").write_bytes(final_model())
    program, _ = PROGRAMS
    assert len([line for line in program.splitlines() if line]) == 9
    commands = [
        re.sub(r"\w+\.(skops|pkl|csv)", lambda file: str(home / file[0]), line)
        for line in lines("mlsite register")
    ]
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, home, ROOT, program, *commands],
        env=environment(site.home, PYTHONPATH=str(ROOT), DJANGO_SETTINGS_MODULE="mlsite.settings"),
        capture_output=True,
        text=True,
        check=False,
        timeout=START_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("----\n")


def test_the_model_of_the_page_answers_what_it_shows(site, said):
    (command,) = lines("curl")
    status, headers, body = site.curl(command)
    assert (status, headers["x-model"]) == (200, "wine")
    assert f"`{body}`" in PAGE


def test_the_pickle_of_2016_answers_as_its_coefficients_say(site, said):
    assert "Test data: 45 rows, accuracy 0.8889," in said[0]
    assert "Fitted with scikit-learn pre-0.18" in said[1]
    assert "OneVsRestClassifier" in said[1]
    X = np.array([[61.1, 17.3], [5.1, 3.5], [6.3, 2.5]])
    expected = (X @ COEFFICIENTS.T + INTERCEPTS).argmax(axis=1).tolist()
    columns = json.loads(site.get("/models/flowers/")[1])["inputs"]
    rows = [dict(zip([c["name"] for c in columns], row, strict=True)) for row in X.tolist()]
    status, _, body = site.curl(
        """curl -H "Content-Type: application/json" -X POST """
        f"""-d '{json.dumps(rows)}' http://localhost:8000/models/flowers/predict"""
    )
    assert (status, json.loads(body)) == (200, {"predictions": expected})


# Publication


@pytest.fixture(scope="module")
def token(site):
    return manage(site.home, "token", "admin", "--name", "notebook").stdout.strip()


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True, as_frame=True)
    X = X[["alcohol", "hue"]]
    return RandomForestClassifier(5, random_state=0).fit(X, y), X


def answered(site, command):
    """The answer to a command; None if a worker does not know the model yet."""
    answer = site.curl(command)
    return None if answer[0] == HTTPStatus.NOT_FOUND else answer


def test_the_publication_of_the_page_prints_a_command_that_is_answered(
    site, token, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    scope = {"TOKEN": token}
    for program in PROGRAMS:
        lines = program.replace("http://localhost:8000", site.url)
        exec(lines.replace('"wine"', '"published"'), scope)  # noqa: S102 - as a notebook does
    address, command = capsys.readouterr().out.splitlines()
    assert address == f"Version 1 of published is live: {site.url}/models/published/"
    # A new live version reaches every worker within a second.
    status, headers, body = until(lambda: answered(site, command), "a prediction")
    expected = scope["forest"].predict(scope["X_train"].iloc[:1])[0]
    assert (status, json.loads(body)) == (200, {"prediction": expected})
    assert headers["x-model-version"] == "1"
    version = json.loads(site.get("/models/published/versions/1/")[1])
    assert version["metrics"]["accuracy"] == scope["forest"].score(scope["X_test"], scope["y_test"])
    assert version["evaluation"]["target"] == ["target"]


def test_a_published_version_is_described_and_live_only_if_promoted(site, token, wine, capsys):
    forest, X = wine
    texts = {
        "columns": {"hue": "Farbton »Hue«"},
        "class_names": {0: "Barolo"},
        "description": "Cultivar of a wine — in Piemont.",
    }
    published = publish(
        *(forest, "described"),
        **texts,
        url=f"{site.url}/",
        token=token,
        sample=X,
        metrics={"accuracy": np.float64(0.5)},
        note="first",
        allow_version=True,
    )
    assert repr(published) == (
        "PublishedModel(name='described', version=1, state='ready', "
        f"url='{site.url}/models/described/versions/1/predict')"
    )
    address, command = capsys.readouterr().out.splitlines()
    assert address == (
        f"Version 1 of described is ready: {site.url}/models/described/versions/1/ Make it live "
        "there or with the command `promote`; promote=True does so at once."
    )
    assert site.curl(command)[0] == 200
    assert json.loads(site.get("/models/described/")[1])["description"] == texts["description"]
    version = json.loads(site.get("/models/described/versions/1/")[1])
    assert [column["description"] for column in version["inputs"]] == ["", "Farbton »Hue«"]
    assert (version["state"], version["class_names"]) == ("ready", {"0": "Barolo"})
    assert (version["metrics"], version["notes"]) == ({"accuracy": 0.5}, "first")


def test_the_command_for_a_closed_site_reads_the_token_from_a_variable(prepared, wine, capsys):
    forest, X = wine
    with Site(shutil.copytree(prepared, prepared.parent / "closed"), API_ACCESS="token") as closed:
        token = manage(closed.home, "token", "admin", "--name", "notebook").stdout.strip()
        publish(forest, "wine", url=closed.url, token=token, sample=X, promote=True)
        _, command = capsys.readouterr().out.splitlines()
        assert token not in command
        assert closed.curl(command)[0] == 401
        command = command.replace("$TOKEN", token)
        assert until(lambda: answered(closed, command), "a prediction")[0] == 200
        with pytest.raises(SiteError, match="An upload needs the token of a staff user"):
            save(forest, closed.home / "wine.skops", url=closed.url)


class Elsewhere(BaseHTTPRequestHandler):
    """Another server than a site: it redirects, or answers with HTML. It states some versions."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.software).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/moved/"):
            self.send_response(301)
            self.send_header("Location", f"https://localhost{self.path}")
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_arguments):
        """Write no log."""


@pytest.fixture(scope="module")
def elsewhere_server():
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def elsewhere(elsewhere_server):
    return f"http://127.0.0.1:{elsewhere_server.server_port}"


INSTALLED = get_installed_versions()
XGBOOST = INSTALLED["xgboost"]
OTHER = (
    "runs {0} {1}; this model was fitted with {2}. Either install {0}=={1} and fit it again, or "
    "register it with --allow-version (`publish`: allow_version=True), which may change "
    "predictions."
)


@pytest.mark.parametrize(
    ("versions", "sentences"),
    [
        ({"xgboost": "3.99.0", "numpy": "1.0.0", "catboost": None}, []),
        ({"xgboost": "2.0.0"}, [OTHER.format("xgboost", "2.0.0", XGBOOST)]),
        (
            {"xgboost": None},
            ["does not have xgboost. On the server, run: pip install 'mlsite[xgboost]'."],
        ),
        (
            {"scikit-learn": "1.0.0", "xgboost": "4.0.0"},
            [
                OTHER.format("scikit-learn", "1.0.0", INSTALLED["scikit-learn"]),
                OTHER.format("xgboost", "4.0.0", XGBOOST),
            ],
        ),
    ],
)
def test_save_compares_the_versions_of_a_site(
    elsewhere_server, elsewhere, tmp_path, versions, sentences
):
    stated = INSTALLED | versions
    elsewhere_server.software = {name: version for name, version in stated.items() if version}
    model = make_pipeline(StandardScaler(), XGBClassifier(n_estimators=2))
    model.fit([[0.0], [1.0]], [0, 1])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        save(model, tmp_path / "model.skops", url=elsewhere)
    assert [str(warning.message) for warning in caught] == [
        f"{elsewhere} {sentence}" for sentence in sentences
    ]
    assert {warning.filename for warning in caught} <= {__file__}


def test_save_refuses_an_address_that_states_no_versions(
    elsewhere_server, elsewhere, wine, tmp_path
):
    elsewhere_server.software = {"status": "alive"}
    forest, X = wine
    with pytest.raises(SiteError) as failure:
        save(forest, tmp_path / "wine.skops", X, url=elsewhere)
    assert str(failure.value) == f"{elsewhere} is not a site that serves models."


NO_ADDRESS = "There is nothing at this address. /docs/ lists all addresses."
NO_LOGIN = (
    "Authentication credentials were not provided. Send a token as `Authorization: Bearer TOKEN`."
)
STAFF = (
    " An upload needs the token of a staff user, which the command `token USER --name notebook` "
    "prints on the server."
)


def test_a_publication_that_fails_says_why(site, token, wine, elsewhere):
    forest, X = wine
    port = free_port()
    post = "models/wine/versions/"
    without_path = (
        f"It takes the address of the site without the path of a page, such as {site.url}."
    )
    failures = [
        (
            {"token": None},
            f"{NO_LOGIN}{STAFF}",
        ),
        ({"token": "unknown"}, f"This is not a token: tokens begin with mlsite_.{STAFF}"),
        ({"metrics": {"": 1}}, "metrics: The name of a metric has 1 to 64 printable characters."),
        ({"url": "localhost:8000"}, "url is 'localhost:8000'; it takes an address such as "),
        (
            {"url": f"http://127.0.0.1:{port}"},
            f"http://127.0.0.1:{port} cannot be reached: Connection refused.",
        ),
        (
            {"url": f"{site.url}/models/"},
            f"{NO_ADDRESS} url is '{site.url}/models'. {without_path}",
        ),
        (
            {"url": f"{site.url}/guide"},
            f"Method \"POST\" not allowed. Allowed: GET. url is '{site.url}/guide'. {without_path}",
        ),
        ({"url": elsewhere}, f"{elsewhere}/{post} does not answer with JSON: "),
        (
            {"url": f"{elsewhere}/moved"},
            f"{elsewhere}/moved/{post} redirects to https://localhost/moved/{post}. Use the ",
        ),
    ]
    for change, sentence in failures:
        with pytest.raises(SiteError) as failure:
            publish(forest, "wine", **{"url": site.url, "token": token, "sample": X} | change)
        assert str(failure.value).startswith(sentence)
        # Else a socket would stay open as long as the exception.
        assert getattr(failure.value.__context__, "closed", True)
    with pytest.raises(ValueError, match=r"'Wine' is not a model name\. Use at most 64 lowercase"):
        publish(forest, "Wine", url=site.url, token=token)
    with pytest.raises(ValueError, match=r"^The metric auc must be a finite number\.$"):
        publish(forest, "wine", url=site.url, token=token, metrics={"auc": float("nan")})
