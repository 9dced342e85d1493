"""Zips of MLflow model directories with the skops flavour, read without MLflow."""

from pathlib import PurePosixPath
from typing import Any

from predictor.core.artifacts.skops import zip_archive
from predictor.core.errors import ArtifactError

MODEL = "MLmodel"


def holds_model(names: list[str]) -> bool:
    """Return whether an archive with these members contains an MLflow model."""
    return any(PurePosixPath(name).name == MODEL for name in names)


def from_zip(data: bytes) -> bytes:
    """Return the skops file in a zip of a model directory.

    Raises
    ------
    ArtifactError
        The archive contains several models; the model has another serialization format; the model
        file is missing or outside the directory.
    """
    with zip_archive.open_archive(data) as file:
        descriptions = [name for name in file.namelist() if PurePosixPath(name).name == MODEL]
        if len(descriptions) != 1:
            raise ArtifactError(
                f"The archive holds {len(descriptions)} MLflow models. Upload one model at a time."
            )
        name = _parse_model_path(zip_archive.read(file, descriptions[0]))
        member = str(PurePosixPath(descriptions[0]).parent / name)
        if member not in file.namelist():
            raise ArtifactError("The model file that MLmodel names is not in the archive.")
        return zip_archive.read(file, member)


def _parse_model_path(description: bytes) -> str:
    """Return the path of the skops file, relative to the MLmodel file."""
    import yaml

    try:
        flavors: Any = yaml.safe_load(description)["flavors"]
        flavor = flavors["sklearn"]
        name, file_format = flavor["pickled_model"], flavor["serialization_format"]
    except (yaml.YAMLError, RecursionError, KeyError, TypeError, ValueError) as exc:
        raise ArtifactError("MLmodel does not describe a scikit-learn model.") from exc
    if file_format != "skops":
        raise ArtifactError(
            f"MLflow saved the model as {str(file_format)[:20]}. Save it again with "
            "serialization_format='skops'."
        )
    if not isinstance(name, str) or PurePosixPath(name).is_absolute() or ".." in name:
        raise ArtifactError("The model file that MLmodel names is not in its directory.")
    return name
