"""Placeholders for objects in a pickle that are not allowed.

Parameters that only fitting uses may contain them, because such parameters are left out.
"""

from collections.abc import Collection
from typing import Any, Self

from predictor.core.artifacts import bounds
from predictor.core.artifacts.skops import fit_only, trusted_types
from predictor.core.errors import ArtifactError


class Placeholder:
    """Stands for an object of a type that is not allowed, and runs no code of that type.

    The class itself stands for a function or type.

    Attributes
    ----------
    full_name : str
        The name in the pickle, such as "posix.system".
    """

    full_name = ""

    def __new__(cls, *_args: Any, **_keywords: Any) -> Self:
        """Return a placeholder for the result of a call."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self.content: list[Any] = [args, keywords]

    def __setstate__(self, state: Any) -> None:
        """Keep the state, whose names must be allowed or left out too."""
        self.content = [state]


def make_placeholder(full_name: str) -> type[Placeholder]:
    """Return the placeholder of a function or type."""
    return type("Placeholder", (Placeholder,), {"full_name": full_name})


def leave_out(estimator: Any, names: Collection[str]) -> set[str]:
    """Replace the parameters with placeholders that only fitting uses by their defaults.

    Parameters
    ----------
    estimator : estimator
    names : collection of str
        All names in the pickle that are not allowed.

    Returns
    -------
    set of str
        The parameters that are left out, such as "GridSearchCV.scoring".

    Raises
    ------
    ArtifactError
        Another object contains a placeholder.
    """
    left_out, accepted = set(), set()
    for part in bounds.everything(estimator) if names else ():
        kind = type(part)
        for name, value in list(getattr(part, "__dict__", {}).items()):
            if not fit_only.is_fit_only(kind.__module__, name):
                continue
            if names_in_value := _find_names(value):
                setattr(part, name, fit_only.get_default(kind, name))
                left_out.add(f"{kind.__name__}.{name}")
                accepted |= names_in_value
    if rejected := (set(names) - accepted) | _find_names(estimator):
        raise reject(rejected)
    return left_out


def reject(names: Collection[str]) -> ArtifactError:
    """Return the exception for names that are not allowed."""
    name = min(names)
    return ArtifactError(
        f"The pickle contains {name}, which is not allowed.{trusted_types.explain_setting([name])}"
    )


def _find_names(value: Any) -> set[str]:
    """Return the names of the placeholders in a value."""
    parts = list(bounds.everything(value))
    kinds = {part if isinstance(part, type) else type(part) for part in parts}
    return {kind.full_name for kind in kinds if issubclass(kind, Placeholder)}
