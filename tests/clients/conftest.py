"""One running site for all generated clients."""

import json
import re
import shutil

import pytest

from tests.serving import Site, manage


@pytest.fixture(scope="package")
def site(prepared, tmp_path_factory):
    """A site with the models iris and penguins, of which penguins has nullable columns."""
    home = shutil.copytree(prepared, tmp_path_factory.mktemp("clients") / "home")
    with Site(home, "--workers", "1") as site:
        yield site


@pytest.fixture(scope="package")
def token(site):
    """A token of the administrator, who has also trained penguins."""
    done = manage(site.home, "token", "admin", "--name", "clients")
    (token,) = re.findall(r"mlsite_[\w-]+", done.stdout)
    train = "/models/penguins/train"
    status, _, body = site.ask("POST", train, Authorization=f"Bearer {token}")
    assert status == 200, body
    return token


@pytest.fixture(scope="package")
def operations(site, token):
    """The id of each operation in the schema, by method and path."""
    schema = json.loads(site.get("/schema/")[1])
    return {
        f"{method.upper()} {path}": operation["operationId"]
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture(scope="package")
def artifact(site):
    return (site.home / "models" / "iris" / "1" / "model.skops").read_bytes()
