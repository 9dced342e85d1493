"""The wheel: built, installed into two empty environments, and used from one to the other."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from http import HTTPStatus
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.serving import ROOT, START_S, Site, free_port, until

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("wheel")]

OFFLINE = ("--no-deps", "--no-index", "--no-compile")  # Python compiles the imported modules

PACKAGES = ("mlsite", "tasks", "predictor")

NOTEBOOK = """
import json
from predictor.core import save
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

X, y = load_wine(return_X_y=True)
X = X[:, :2]
forest = RandomForestClassifier(5, random_state=0).fit(X, y)
save(forest, "wine.skops", sample=X)
print(json.dumps({"X": X[::50].tolist(), "predictions": forest.predict(X[::50]).tolist()}))
"""

# Models with parts that scikit-learn 1.5 names or stores in another way, or with defaults that
# later versions reject.
OLDER = """
import json, sys, warnings
from predictor.core import save
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_wine(return_X_y=True)
X = X[:, :3]
scaled = make_column_transformer((StandardScaler(), [0]), remainder="passthrough")
models = {
    "boosting": HistGradientBoostingClassifier(max_iter=3),
    "columns": make_pipeline(scaled, SGDClassifier(random_state=0)),
}
predictions = {}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for name, model in models.items():
        save(model.fit(X, y), f"{name}.skops", sample=X, url=sys.argv[1])
        predictions[name] = model.predict(X[::20]).tolist()
warned = [str(warning.message) for warning in caught]
print(json.dumps({"X": X[::20].tolist(), "predictions": predictions, "warnings": warned}))
"""

# Commands in one process, because each process imports scikit-learn for seconds. The output ends
# with their exit codes.
COMMANDS = """
import shlex, sys
from mlsite.command_line import main

codes = []
for command in sys.argv[1:]:
    sys.argv = shlex.split(command)
    try:
        main()
        codes.append(0)
    except SystemExit as exc:
        codes.append(exc.code)
print(*codes)
"""


def pip(*arguments):
    """Run this environment's pip without an index: nothing is downloaded."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that `pip wheel .` builds, with the build backend of this environment."""
    directory = tmp_path_factory.mktemp("wheel")
    pip("wheel", ".", "--no-deps", "--no-index", "--no-build-isolation", "-w", directory)
    (path,) = directory.iterdir()
    return path


class Environment:
    """An empty virtual environment with the wheel and its requirements.

    pip installs the wheel itself, unless only its modules are used. Its requirements are not
    downloaded: the packages that it and they require, and no others, are linked from the
    environment of the tests, file by file, if their versions satisfy the requirements.
    """

    def __init__(self, home, wheel, extra="", path=sys.path, *, with_command=True):
        venv.create(home, symlinks=True)
        self.bin = home / "bin"
        (self.packages,) = home.glob("lib/python*/site-packages")
        if with_command:
            pip("--python", self.bin / "python", "install", *OFFLINE, wheel)
        else:
            zipfile.ZipFile(wheel).extractall(self.packages)
        (self.installed,) = distributions(name="mlsite", path=[str(self.packages)])
        self.required, self.path = {}, path
        self.require(self.installed, extra)
        for package in self.required.values():
            self.link(package)

    def require(self, package: Distribution, *extras):
        """Collect the requirements of a package, and theirs."""
        for requirement in map(Requirement, package.requires or ()):
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in extras or [""]):
                continue
            found = next(iter(distributions(name=requirement.name, path=self.path)))
            assert requirement.specifier.contains(found.version), requirement
            if self.required.setdefault(found.name.lower(), found) is found:
                self.require(found, *(requirement.extras or [""]))

    def link(self, package):
        for file in package.files:
            if ".." not in file.parts:  # a command
                path = self.packages / file
                path.parent.mkdir(parents=True, exist_ok=True)
                try:
                    os.link(file.locate(), path)
                except FileExistsError:  # a requirement with an extra is collected twice
                    continue
                except OSError:  # another disk
                    shutil.copy2(file.locate(), path)

    def run(self, directory, *command, timeout_s=START_S):
        """Run a command in a directory, without the variables of this process."""
        return subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=directory,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def succeed(self, directory, *command):
        """Run a command, and return its output."""
        done = self.run(directory, *command)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def notebook(wheel, tmp_path_factory):
    """The environment of a notebook: NumPy, SciPy, scikit-learn and their requirements."""
    environment = Environment(tmp_path_factory.mktemp("notebook"), wheel)
    assert {"django", "msgspec", "orjson", "pandas", "onnx"}.isdisjoint(environment.required)
    return environment


@pytest.fixture(scope="module")
def older(wheel, tmp_path_factory):
    """The environment of a notebook with another version of scikit-learn than the site's."""
    preferred = str(Path(sys.prefix, "older"))  # where `make test` installs it
    path = [preferred, *sys.path]
    return Environment(tmp_path_factory.mktemp("older"), wheel, path=path, with_command=False)


class InstalledSite(Site):
    """`mlsite serve` of an environment, in a directory that is empty at the start."""

    def __init__(self, environment, home):
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home.parent / "serve.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [environment.bin / "mlsite", "serve", "--bind", f"127.0.0.1:{self.port}"],
                cwd=home,
                env={"PATH": os.environ["PATH"]},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@pytest.fixture(scope="module")
def server(wheel, tmp_path_factory):
    """The environment of a site."""
    return Environment(tmp_path_factory.mktemp("server"), wheel, "server")


@pytest.fixture(scope="module")
def site(server, tmp_path_factory):
    """A site that was started in an empty directory."""
    home = tmp_path_factory.mktemp("installed") / "site"
    home.mkdir()
    with InstalledSite(server, home) as site:
        yield site


@pytest.fixture(scope="module")
def fitted(notebook, older, site, tmp_path_factory):
    """The output of both notebooks, and the directory of their files."""
    directory = tmp_path_factory.mktemp("fitted")
    outputs = [
        notebook.succeed(directory, "python", "-c", NOTEBOOK),
        older.succeed(directory, "python", "-c", OLDER, site.url),
    ]
    return [*map(json.loads, outputs), directory]


@pytest.fixture(scope="module")
def registered(fitted, server, site):
    """The process that has registered the files of both notebooks."""
    *_, directory = fitted
    commands = [
        f"mlsite register {name} {directory / name}.skops --promote{option}"
        for name, option in (
            ("wine", ""),
            ("columns", ""),
            ("columns", " --allow-version"),
            ("boosting", " --allow-version"),
        )
    ]
    timeout_s = START_S * len(commands)
    return server.run(site.home, "python", "-c", COMMANDS, *commands, timeout_s=timeout_s)


def test_the_wheel_holds_all_files_of_the_packages_and_no_others(wheel):
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    held = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    guide = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")]
    files = [*done.stdout.splitlines(), *(f"mlsite/{path}" for path in guide)]
    assert sorted(held) == sorted(files)


def test_the_server_is_pinned_and_a_notebook_is_not(notebook):
    requirements = list(map(Requirement, notebook.installed.requires))
    plain = [requirement for requirement in requirements if not requirement.marker]
    assert sorted(map(str, plain)) == ["numpy", "scikit-learn", "scipy"]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [Requirement(line.partition(" #")[0]) for line in lines if line and line[0] != "#"]
    assert {(canonicalize_name(pin.name), str(pin.specifier)) for pin in pins} == {
        (canonicalize_name(requirement.name), str(requirement.specifier))
        for requirement in requirements
        if requirement.marker and requirement.marker.evaluate({"extra": "server"})
    }


def predictions(site, name, X):
    """The predictions for the rows of an array, as soon as the model is live in every process."""
    rows = json.dumps([{f"x{n}": value for n, value in enumerate(row)} for row in X])

    def answer():
        headers = {"Content-Type": "application/json"}
        status, _, body = site.ask("POST", f"/models/{name}/predict", rows, **headers)
        return json.loads(body).get("predictions") if status != HTTPStatus.NOT_FOUND else None

    return until(answer, "predictions")


def test_a_model_of_a_notebook_is_served_from_an_empty_directory(fitted, registered, server, site):
    wine, *_ = fitted
    assert "Version 1 of wine is live." in registered.stdout
    assert predictions(site, "wine", wine["X"]) == wine["predictions"]
    assert site.get("/static/mlsite/site.css")[0] == 200
    status, _, body = site.ask("GET", "/", Accept="text/html")
    assert (status, b"<title>mlsite" in body) == (200, True)
    status, _, body = site.ask("GET", "/guide/models", Accept="text/html")
    assert (status, b"<h1>Models and versions</h1>" in body) == (200, True)
    written = {path.name.partition("-")[0] for path in site.home.iterdir()}
    assert written == {"db.sqlite3", "models", "secret_key"}
    assert f"{server.bin / 'mlsite'} changepassword admin" in site.output()


def test_another_version_of_scikit_learn_is_reported_and_served_if_allowed(
    fitted, registered, site
):
    _, older, _ = fitted
    warning = (
        f"{site.url} runs scikit-learn 1.9.1; this model was fitted with 1.5.2. Either install "
        "scikit-learn==1.9.1 and fit it again, or register it with --allow-version (`publish`: "
        "allow_version=True), which may change predictions."
    )
    assert older["warnings"] == [warning] * 2
    assert registered.stdout.splitlines()[-1] == "0 1 0 0", registered.stderr
    assert registered.stderr == (
        "CommandError: The model was fitted with scikit-learn 1.5.2; scikit-learn 1.9.1 is "
        "installed and may return other predictions. Fit it again with scikit-learn==1.9.1, "
        "or accept that: the command `register` has the option --allow-version, an upload the "
        "field allow_version.\n"
    )
    for name, expected in older["predictions"].items():
        assert predictions(site, name, older["X"]) == expected


def test_without_the_server_the_command_names_the_extra(notebook, tmp_path):
    done = notebook.run(tmp_path, "mlsite", "serve")
    assert done.returncode == 1
    assert "pip install 'mlsite[server]'" in done.stderr
