"""One column of X: its name, type and accepted values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from predictor.core.coercion import (
    BOOLEAN,
    COERCERS,
    INTEGER,
    NUMBER,
    STRING,
    InvalidValue,
    check_integer_dtype,
)

# Number of categories that a message lists. It counts the others.
MAX_LISTED_CATEGORIES = 20

KIND_NAMES = {
    NUMBER: "a number",
    INTEGER: "an integer",
    BOOLEAN: "true or false",
    STRING: "a string",
}
# Stored names of fields that have another name in the code.
STORED_NAMES = {"rejects_unknown": "closed", "missing_as_none": "none"}


@dataclass(frozen=True)
class Column:
    """One column of X.

    Parameters
    ----------
    name : str
    description : str
        Meaning and unit of the values.
    dtype : str
        The NumPy or pandas dtype on which the estimator was fitted.
    kind : {"number", "integer", "boolean", "string"}
        JSON type of the values.
    required : bool
        Whether a row without the column is rejected.
    nullable : bool
        Whether missing values are accepted.
    categories : tuple, optional
        The values on which an encoder was fitted.
    rejects_unknown : bool
        Whether values outside the categories are rejected.
    missing_as_none : bool
        Whether the estimator receives a missing value as None instead of NaN.
    range : pair of float, optional
        The smallest and the largest value in a sample.
    example : optional
        A value in a sample.
    counts : tuple of int, optional
        Numbers of values of a sample: of each category, of false and true, or in each of ten equal
        parts of the range.
    """

    name: str
    description: str = ""
    dtype: str = "float64"
    kind: str = NUMBER
    required: bool = True
    nullable: bool = False
    categories: tuple[Any, ...] | None = None
    rejects_unknown: bool = False
    missing_as_none: bool = False
    range: tuple[float, float] | None = None
    example: Any = None
    counts: tuple[int, ...] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the column that `to_json` wrote."""
        fields = dict(data)
        for name, stored in STORED_NAMES.items():
            fields[name] = fields.pop(stored, False)
        for name in ("range", "categories", "counts"):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values, without the defaults of a numeric column."""
        fields = {STORED_NAMES.get(name, name): value for name, value in asdict(self).items()}
        for name in ("kind", "categories", "closed", "none", "counts"):
            if fields[name] in (NUMBER, None, False):
                del fields[name]
        return fields

    @property
    def has_stated_type(self) -> bool:
        """Whether an estimator, a sample or the user states the type; else it is a number."""
        return replace(self, nullable=False) != Column(self.name, self.description)

    @property
    def accepts_any_number(self) -> bool:
        """Whether every finite number is valid."""
        return self.kind == NUMBER and not self.rejects_unknown

    @property
    def allowed_values(self) -> tuple[Any, ...]:
        """The categories, if no other values are valid; else empty."""
        return (self.categories or ()) if self.rejects_unknown else ()

    @property
    def accepted_text(self) -> str:
        """Noun phrase for the accepted values, as in "a number, or null"."""
        text = KIND_NAMES[self.kind]
        if self.allowed_values:
            text = f"one of {list_values(self.allowed_values, MAX_LISTED_CATEGORIES)}"
        return f"{text}, or null" if self.nullable else text

    def coerce(self, value: Any) -> Any:
        """Return a parsed JSON value as a value of the column; None if it is missing.

        Raises
        ------
        InvalidValue
            The column rejects the value.
        """
        if value is None:
            if self.nullable:
                return None
            raise InvalidValue("null")
        coerced = COERCERS[self.kind](value)
        if self.kind == INTEGER:
            check_integer_dtype(coerced, self.dtype)
        if self.allowed_values and coerced not in self.allowed_values:
            raise InvalidValue("another value")
        return coerced

    def get_example(self) -> Any:
        """Return the example; without one the first category, or a zero value."""
        if self.example is not None:
            return self.example
        if self.categories:
            return self.categories[0]
        return {NUMBER: 0.0, INTEGER: 0, BOOLEAN: False, STRING: ""}[self.kind]


def list_values(values: Sequence[Any], most: int) -> str:
    """Return the first values, separated by commas, and the number of the others."""
    listed = ", ".join(map(str, values[:most]))
    rest = len(values) - most
    return f"{listed} and {rest:,} more" if rest > 0 else listed
