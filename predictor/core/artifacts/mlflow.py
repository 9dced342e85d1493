"""MLflow model directories with the skops flavour, or zips of them, read without MLflow."""

from pathlib import Path, PurePosixPath
from typing import Any

from predictor.core.artifacts.skops import zip_archive
from predictor.core.errors import ArtifactError

MODEL = "MLmodel"

# Maximum size of the MLmodel file, which is about a page of text.
MAX_DESCRIPTION_BYTES = 1024**2


def holds_model(names: list[str]) -> bool:
    """Return whether an archive with these members contains an MLflow model."""
    return any(PurePosixPath(name).name == MODEL for name in names)


def from_directory(path: Path) -> bytes:
    """Return the skops file in a model directory.

    Raises
    ------
    ArtifactError
        The directory contains no MLflow model; the model has another serialization format; the
        model file is missing or outside the directory.
    """
    description = path / MODEL
    if not description.is_file() or description.stat().st_size > MAX_DESCRIPTION_BYTES:
        raise ArtifactError("The directory is not an MLflow model: it has no MLmodel file.")
    name = _parse_model_path(description.read_bytes())
    model = (path / name).resolve()
    if not model.is_relative_to(path.resolve()) or not model.is_file():
        raise ArtifactError("The model file that MLmodel names is not in the directory.")
    return model.read_bytes()


def from_zip(data: bytes) -> bytes:
    """Return the skops file in a zip of a model directory; see `from_directory`."""
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
