"""A site for one benchmark: this project's server, and a database that is empty at first."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request

from comparison.paths import ROOT
from comparison.servers import free_port

START_S = 60

sys.path.insert(0, str(ROOT))


class Site:
    """`manage.py serve` with one worker, and whatever lies in one directory."""

    def __init__(self, home, **environment):
        self.home = home
        own = {
            "DATABASE_URL": f"sqlite:///{home / 'db.sqlite3'}",
            "MODELS_DIR": str(home / "models"),
        }
        self.environment = os.environ | own | environment
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def manage(self, *words):
        """Run one command, and return what it says."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.check_output(command, cwd=ROOT, env=self.environment, text=True)

    @contextlib.contextmanager
    def served(self):
        """Answer requests while the context lasts; what the server says goes into a file."""
        command = [sys.executable, "manage.py", "serve", f"--bind=127.0.0.1:{self.port}"]
        with (self.home / "log").open("w") as log:
            server = subprocess.Popen(
                [*command, "--workers=1"], cwd=ROOT, env=self.environment, stdout=log
            )
        try:
            self._until_ready()
            yield self
        finally:
            server.terminate()
            server.wait()

    def ask(self, path, body=None, **headers):
        """Return the body of an answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=START_S) as answer:  # noqa: S310 - our own
            return answer.read()

    def _until_ready(self):
        deadline = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError):
                return self.ask("/v2/health/ready")
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)


def forest(path):
    """Write a forest of 100 trees; return the estimator and rows for it, shape (569, 30)."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier

    from predictor.core import artifacts

    X, y = load_breast_cancer(return_X_y=True)
    estimator = RandomForestClassifier(100, random_state=0).fit(X, y)
    artifacts.save(estimator, path, X)
    return estimator, X
