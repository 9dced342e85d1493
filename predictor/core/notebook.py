"""Functions for notebooks: save a fitted estimator to a file."""

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from predictor.core import artifacts
from predictor.core.artifacts.software_versions import get_version
from predictor.core.columns import Column
from predictor.core.signature import Signature
from predictor.core.site_client import SiteClient, SiteError


def save(  # noqa: PLR0913 - each parameter is a choice of the user
    estimator: Any,
    path: str | os.PathLike[str],
    sample: Any = None,
    *,
    columns: Mapping[str, str] | Sequence[Column | str] | None = None,
    class_names: Mapping[Any, str] | None = None,
    description: str = "",
    url: str | None = None,
    token: str | None = None,
) -> Signature:
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
    url : str, optional
        Address of the site that will serve the model. A warning says if it runs another version of
        scikit-learn.
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
    if url is not None:
        _check_version(SiteClient(url, token))
    return artifacts.save(
        estimator,
        path,
        sample,
        columns=columns,
        class_names=class_names,
        description=description,
    )


def _check_version(site: SiteClient) -> None:
    """Warn if a site runs another version of scikit-learn."""
    software = site.get("software/")
    if not isinstance(software, dict) or "scikit-learn" not in software:
        raise SiteError(f"{site.url} is not a site that serves models.")
    theirs, own = software["scikit-learn"], get_version("scikit-learn")
    if theirs != own:
        warnings.warn(
            f"{site.url} runs scikit-learn {theirs}; this model was fitted with {own}. Either "
            f"install scikit-learn=={theirs} and fit it again, or register the file on the server "
            "with --allow-version, which may change predictions.",
            stacklevel=3,
        )
