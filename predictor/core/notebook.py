"""Functions for notebooks: save a fitted estimator to a file."""

import os
import warnings
from collections.abc import Sequence
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
    columns: Sequence[Column] | None = None,
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
    columns : sequence of Column, optional
        Names and descriptions of the columns, for an estimator that was fitted on an array.
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
    return artifacts.save(estimator, path, sample, columns=columns)


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
