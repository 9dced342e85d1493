"""The wheel: built, installed into two empty environments, and used from one to the other."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import Distribution, distribution, distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.serving import ROOT, START_S, Site, free_port

pytestmark = pytest.mark.xdist_group("wheel")

PACKAGES = ("mlsite", "tasks", "predictor")

NOTEBOOK = """
import json, sys
from predictor.core import save
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

X, y = load_wine(return_X_y=True)
forest = RandomForestClassifier(5, random_state=0).fit(X[:, :2], y)
save(forest, "wine.skops", sample=X[:, :2])
print(json.dumps(forest.predict(X[::50, :2]).tolist()))
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

    pip installs the wheel itself. Its requirements are not downloaded: the packages that it and
    they require, and no others, are linked from the environment of the tests, file by file, if
    their versions satisfy the requirements.
    """

    def __init__(self, home, wheel, extra=""):
        venv.create(home, symlinks=True)
        self.bin = home / "bin"
        pip("--python", self.bin / "python", "install", "--no-deps", "--no-index", wheel)
        (self.packages,) = home.glob("lib/python*/site-packages")
        (self.installed,) = distributions(name="mlsite", path=[str(self.packages)])
        self.required = {}
        self.require(self.installed, extra)
        for package in self.required.values():
            self.link(package)

    def require(self, package: Distribution, *extras):
        """Collect the requirements of a package, and theirs."""
        for requirement in map(Requirement, package.requires or ()):
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in extras or [""]):
                continue
            found = distribution(requirement.name)
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

    def run(self, directory, *command):
        """Run a command in a directory, without the variables of this process."""
        return subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=directory,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=START_S,
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


def test_the_wheel_holds_the_tracked_files_of_the_packages_and_no_others(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    held = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert sorted(held) == sorted(tracked)


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


def test_a_model_of_a_notebook_is_served_from_an_empty_directory(wheel, notebook, tmp_path):
    work, home = tmp_path / "work", tmp_path / "site"
    work.mkdir()
    home.mkdir()
    expected = json.loads(notebook.succeed(work, "python", "-c", NOTEBOOK))

    server = Environment(tmp_path / "server", wheel, "server")
    with InstalledSite(server, home) as site:
        output = server.succeed(
            home, "mlsite", "register", "wine", work / "wine.skops", "--promote"
        )
        assert "Version 1 of wine is live." in output
        rows = json.dumps([dict(zip(("x0", "x1"), row, strict=True)) for row in wine_rows()])
        headers = {"Content-Type": "application/json"}
        status, _, body = site.ask("POST", "/models/wine/predict", rows, **headers)
        assert (status, json.loads(body)) == (200, {"predictions": expected})
        assert site.get("/static/mlsite/site.css")[0] == 200
        status, _, body = site.ask("GET", "/", Accept="text/html")
        assert (status, b"<title>mlsite" in body) == (200, True)
    written = {path.name.partition("-")[0] for path in home.iterdir()}
    assert written == {"db.sqlite3", "models", "secret_key"}
    assert f"{server.bin / 'mlsite'} changepassword admin" in site.output()


def wine_rows():
    from sklearn.datasets import load_wine

    return load_wine(return_X_y=True)[0][::50, :2].tolist()


def test_without_the_server_the_command_names_the_extra(notebook, tmp_path):
    done = notebook.run(tmp_path, "mlsite", "serve")
    assert done.returncode == 1
    assert "pip install 'mlsite[server]'" in done.stderr
