"""Functions for notebooks: save a fitted estimator to a file, or publish it on a site."""

import json
import math
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from predictor.core import artifacts
from predictor.core.artifacts.software_versions import reads_boosters_of
from predictor.core.boosters import DISTRIBUTIONS
from predictor.core.columns import Column
from predictor.core.curl import format_curl
from predictor.core.holdout_file import write_holdout
from predictor.core.model_name import NAME, NAME_RULE
from predictor.core.saved_model import SavedModel, describe
from predictor.core.site_client import SiteClient, SiteError


def save(  # noqa: PLR0913 - each parameter is a choice of the user
    estimator: Any,
    path: str | os.PathLike[str],
    sample: Any = None,
    *,
    columns: Mapping[str, str] | Sequence[Column | str] | None = None,
    class_names: Mapping[Any, str] | None = None,
    description: str = "",
    trusted_types: Sequence[str] = (),
    url: str | None = None,
    token: str | None = None,
) -> SavedModel:
    """Write a fitted estimator to a skops file, with its signature and the software versions.

    Parameters
    ----------
    estimator : estimator
    path : path
    sample : DataFrame, array, sparse matrix or list of str, optional
        Rows of X as the estimator accepts them. They add dtypes, ranges and an example; the file
        contains no rows.
    columns : mapping of str to str, or sequence of Column or str, optional
        Descriptions of any columns, such as `{"bmi": "Body mass index (kg/m²)"}`. For an estimator
        that was fitted on an array, a list of names, or a description for each name.
    class_names : mapping of label to str, optional
        Names of any classes, such as `{0: "setosa"}`. Pages show them beside the labels.
    description : str
        Description of the model.
    trusted_types : sequence of str
        Full names of types and functions of other packages in the estimator, such as "shop.Clip".
        The server accepts them if its setting TRUSTED_TYPES contains them.
    url : str, optional
        Address of the site that will serve the model. A warning says if it runs another version of
        scikit-learn, or a version of a package of gradient boosting that does not read the model.
    token : str, optional
        Token for the site, if it is not open.

    Raises
    ------
    ArtifactError
        The signature cannot be inferred; the estimator cannot be saved; the saved file cannot be
        loaded again.
    SiteError
        The site cannot be reached.
    """
    dump = artifacts.dump(
        estimator,
        sample,
        columns=columns,
        class_names=class_names,
        description=description,
        trusted=trusted_types,
    )
    if url is not None:
        _check_versions(SiteClient(url, token), dump.fitted_with)
    artifacts.write(path, dump.data)
    return SavedModel(
        Path(path),
        len(dump.data),
        describe(estimator),
        dump.signature,
        dump.fitted_with,
        dump.notes,
    )


@dataclass(frozen=True)
class PublishedModel:
    """A version that `publish` has registered.

    Parameters
    ----------
    name : str
    version : int
    state : {"live", "ready"}
    url : str
        Address of its predictions.
    """

    name: str
    version: int
    state: str
    url: str


def publish(  # noqa: PLR0913 - each parameter is a choice of the user
    estimator: Any,
    name: str,
    *,
    url: str,
    token: str | None = None,
    sample: Any = None,
    columns: Mapping[str, str] | Sequence[Column | str] | None = None,
    class_names: Mapping[Any, str] | None = None,
    description: str = "",
    trusted_types: Sequence[str] = (),
    test: Any = None,
    target: Any = None,
    metrics: Mapping[str, float] | None = None,
    note: str = "",
    promote: bool = False,
    allow_version: bool = False,
) -> PublishedModel:
    """Register a fitted estimator as the next version of a model of a site.

    It prints the address of the version, and a curl command that sends the example row.

    Parameters
    ----------
    estimator : estimator
    name : str
        Name of the model. A new name creates the model.
    url : str
        Address of the site.
    token : str, optional
        Token of a staff user.
    sample, columns, class_names, description, trusted_types
        See `save`. The description replaces that of the model.
    test : DataFrame, array, sparse matrix or list of str, optional
        Rows of X that the estimator was not fitted on. The site evaluates the model on them.
    target : array of shape (n_samples,) or (n_samples, n_outputs), optional
        The values that the estimator should predict for the rows of `test`.
    metrics : mapping of str to float, optional
        Quality of the model, such as `{"accuracy": 0.93}`.
    note : str
        Note about the version.
    promote : bool
        Whether the version becomes live.
    allow_version : bool
        Whether a site with another version of scikit-learn may run the estimator. Its predictions
        may differ.

    Raises
    ------
    ArtifactError
        See `save`.
    SiteError
        The site cannot be reached, or rejects the model.
    ValueError
        The name is not that of a model; a metric is not a finite number; only one of `test` and
        `target` is given, or they have different numbers of rows.
    """
    if not re.fullmatch(NAME, name):
        raise ValueError(f"{name!r} is not a model name. {NAME_RULE}")
    numbers = {key: float(value) for key, value in (metrics or {}).items()}
    if undefined := [key for key, value in numbers.items() if not math.isfinite(value)]:
        raise ValueError(f"The metric {undefined[0]} must be a finite number.")
    site = SiteClient(url, token)
    dump = artifacts.dump(
        estimator,
        sample,
        columns=columns,
        class_names=class_names,
        description=description,
        trusted=trusted_types,
    )
    fields = {
        "metrics": json.dumps(numbers),
        "promote": json.dumps(promote),
    }
    optional = {
        "description": description,
        "note": note,
        "allow_version": "true" if allow_version else "",
    }
    files = {"artifact": (f"{name}.skops", dump.data)}
    if test is not None or target is not None:
        optional["target"], rows = write_holdout(test, target, dump.signature)
        files["test"] = ("test.csv", rows)
    fields |= {key: text for key, text in optional.items() if text}
    card = site.upload(f"models/{name}/versions/", fields, files)
    model = _describe_version(site, name, card)
    for sentence in dump.notes:
        print(sentence)  # noqa: T201 - for the user
    is_open = site.is_open(f"models/{name}/")
    print(format_curl(model.url, dump.signature.get_example(), needs_token=not is_open))  # noqa: T201 - for the user
    return model


def _describe_version(site: SiteClient, name: str, card: Mapping[str, Any]) -> PublishedModel:
    """Print the address of a version that was registered, and return its description."""
    version, state = card["version"], card["state"]
    address, hint = f"{site.url}/models/{name}/", ""
    if state != "live":
        address += f"versions/{version}/"
        hint = " Make it live there or with the command `promote`; promote=True does so at once."
    predict = f"{address}predict"
    print(f"Version {version} of {name} is {state}: {address}{hint}")  # noqa: T201 - for the user
    return PublishedModel(name, version, state, predict)


def _check_versions(site: SiteClient, fitted_with: Mapping[str, str]) -> None:
    """Warn if a site cannot run a model with the versions of its packages."""
    software = site.get("software/")
    if not isinstance(software, dict) or "scikit-learn" not in software:
        raise SiteError(f"{site.url} is not a site that serves models.")
    for package, version in fitted_with.items():
        if warning := _compare(package, version, software.get(package)):
            warnings.warn(f"{site.url} {warning}", stacklevel=3)


def _compare(package: str, fitted: str, installed: str | None) -> str:
    """Return a sentence if a site rejects a model because of the version of a package."""
    if package in DISTRIBUTIONS:
        if installed is None:
            return f"does not have {package}. On the server, run: pip install 'mlsite[{package}]'."
        is_accepted = reads_boosters_of(fitted, installed)
    else:
        is_accepted = package != "scikit-learn" or fitted == installed
    if is_accepted:
        return ""
    return (
        f"runs {package} {installed}; this model was fitted with {fitted}. Either install "
        f"{package}=={installed} and fit it again, or register it with --allow-version (`publish`: "
        "allow_version=True), which may change predictions."
    )
