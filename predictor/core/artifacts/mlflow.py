"""MLflow's model directories, or zips of them, with the skops flavour: read without MLflow."""

from pathlib import Path, PurePosixPath
from typing import Any

from predictor.core.artifacts.skops import zip_archive
from predictor.core.errors import ArtifactError

MODEL = "MLmodel"

# A description is a page of text.
MOST_DESCRIPTION = 1024**2


def holds_model(names: list[str]) -> bool:
    """Return whether an archive of these members is one of an MLflow model."""
    return any(PurePosixPath(name).name == MODEL for name in names)


def from_directory(path: Path) -> bytes:
    """Return the skops file in a model directory.

    Raises
    ------
    ArtifactError
        There is none, or it was saved in another form.
    """
    description = path / MODEL
    if not description.is_file() or description.stat().st_size > MOST_DESCRIPTION:
        raise ArtifactError("The directory is not a model of MLflow: it has no MLmodel.")
    name = _skops_member(description.read_bytes())
    model = (path / name).resolve()
    if not model.is_relative_to(path.resolve()) or not model.is_file():
        raise ArtifactError("The model that MLmodel names is not in the directory.")
    return model.read_bytes()


def from_zip(data: bytes) -> bytes:
    """Return the skops file in a zip of a model directory; see `from_directory`."""
    with zip_archive.opened(data) as file:
        described = [n for n in file.namelist() if PurePosixPath(n).name == MODEL]
        if len(described) != 1:
            raise ArtifactError("The archive holds several models of MLflow.")
        name = _skops_member(zip_archive.read(file, described[0]))
        inner = str(PurePosixPath(described[0]).parent / name)
        if inner not in file.namelist():
            raise ArtifactError("The model that MLmodel names is not in the archive.")
        return zip_archive.read(file, inner)


def _skops_member(description: bytes) -> str:
    import yaml

    try:
        flavors: Any = yaml.safe_load(description)["flavors"]
        flavor = flavors["sklearn"]
        name, form = flavor["pickled_model"], flavor["serialization_format"]
    except (yaml.YAMLError, RecursionError, KeyError, TypeError, ValueError) as exc:
        raise ArtifactError("MLmodel describes no scikit-learn model.") from exc
    if form != "skops":
        raise ArtifactError(
            f"MLflow saved the model as {str(form)[:20]}: save it again with "
            "serialization_format='skops'."
        )
    if not isinstance(name, str) or PurePosixPath(name).is_absolute() or ".." in name:
        raise ArtifactError("The model that MLmodel names is not beside it.")
    return name
