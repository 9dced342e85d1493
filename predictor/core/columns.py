"""One column of X: its name, type and accepted values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from predictor.core import times
from predictor.core.coercion import (
    BOOLEAN,
    COERCERS,
    DATETIME,
    INTEGER,
    NUMBER,
    STRING,
    InvalidValue,
    check_integer_dtype,
)

# Number of columns of an input, and of a table of a user.
MAX_COLUMNS = 100_000
# Numbers of categories and of columns that a text lists. It counts the others.
MAX_LISTED_CATEGORIES = 20
MAX_LISTED_COLUMNS = 20
# Larger numbers are written with an exponent.
MAX_WHOLE = 1e9

KIND_NAMES = {
    NUMBER: "a number",
    INTEGER: "an integer",
    BOOLEAN: "true or false",
    STRING: "a string",
    DATETIME: "an ISO 8601 time",
}
# Examples of columns without a known value.
ZERO_VALUES = {NUMBER: 0.0, INTEGER: 0, BOOLEAN: False, STRING: ""}
# Stored names of fields that have another name in the code.
STORED_NAMES = {"rejects_unknown": "closed", "missing_as_none": "none"}
# Stored fields that are left out if they have their default.
OPTIONAL_FIELDS = ("kind", "categories", "closed", "none", "dtype_categories", "ordered", "counts")


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
    kind : {"number", "integer", "boolean", "string", "datetime"}
        JSON type of the values. Times are strings in ISO 8601.
    required : bool
        Whether a row without the column is rejected. The model drops a column that is not
        required: every value is accepted, and the estimator receives `placeholder` instead.
    nullable : bool
        Whether missing values are accepted.
    categories : tuple, optional
        The values on which an encoder was fitted.
    rejects_unknown : bool
        Whether values outside the categories are rejected.
    missing_as_none : bool
        Whether the estimator receives a missing value as None instead of NaN.
    range : pair of float or str, optional
        The smallest and the largest value in a sample.
    example : optional
        A value in a sample.
    counts : tuple of int, optional
        Numbers of values of a sample: of each category, of false and true, or in each of ten equal
        parts of the range.
    dtype_categories : tuple, optional
        All categories of the dtype "category", if `categories` are only those that the estimator
        accepts.
    ordered : bool
        Whether the categories of the dtype "category" are ordered.
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
    range: tuple[float, float] | tuple[str, str] | None = None
    example: Any = None
    counts: tuple[int, ...] | None = None
    dtype_categories: tuple[Any, ...] | None = None
    ordered: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the column that `to_json` wrote."""
        fields = dict(data)
        for name, stored in STORED_NAMES.items():
            fields[name] = fields.pop(stored, False)
        for name in ("range", "categories", "counts", "dtype_categories"):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values, without the defaults of a numeric column."""
        fields = {STORED_NAMES.get(name, name): value for name, value in asdict(self).items()}
        for name in OPTIONAL_FIELDS:
            if fields[name] in (NUMBER, None, False):
                del fields[name]
        return fields

    @property
    def has_stated_type(self) -> bool:
        """Whether an estimator, a sample or the user states the type; else it is a number."""
        plain = Column(self.name, self.description)
        return replace(self, nullable=False, required=True) != plain

    @property
    def accepts_any_number(self) -> bool:
        """Whether every finite number is valid."""
        return self.kind == NUMBER and not self.rejects_unknown

    @property
    def allowed_values(self) -> tuple[Any, ...]:
        """The categories, if no other values are valid; else empty."""
        return (self.categories or ()) if self.rejects_unknown else ()

    @property
    def range_text(self) -> str:
        """The range, as in "0.5 to 3"; empty without a range."""
        if self.range is None:
            return ""
        return " to ".join(f"{x:g}" if isinstance(x, float) else str(x) for x in self.range)

    @property
    def accepted_text(self) -> str:
        """Noun phrase for the accepted values, as in "a number, or null"."""
        text = KIND_NAMES[self.kind]
        if self.kind == DATETIME:
            has_zone = times.read_dtype(self.dtype).zone
            suffix = "" if has_zone else " without a time zone"
            text = f"{text}{suffix}, such as {self.get_example()}"
        if self.allowed_values:
            text = f"one of {list_values(self.allowed_values, MAX_LISTED_CATEGORIES)}"
        return f"{text}, or null" if self.nullable else text

    def coerce(self, value: Any) -> Any:
        """Return a parsed JSON value as a value of the column; None if it is missing.

        A time becomes a number, see `times.parse_time`.

        Raises
        ------
        InvalidValue
            The column rejects the value.
        """
        if not self.required:
            return self.placeholder
        if value is None:
            if self.nullable:
                return None
            raise InvalidValue("null")
        if self.kind == DATETIME:
            return self._coerce_time(value)
        coerced = COERCERS[self.kind](value)
        if self.kind == INTEGER:
            check_integer_dtype(coerced, self.dtype)
        if self.allowed_values and coerced not in self.allowed_values:
            raise InvalidValue("another value")
        return coerced

    def _coerce_time(self, value: Any) -> int:
        count = times.parse_time(value, self.dtype)
        if self.allowed_values and times.format_time(count, self.dtype) not in self.allowed_values:
            raise InvalidValue("another time")
        return count

    @property
    def placeholder(self) -> Any:
        """The example as a value of the column, which replaces the values of an optional column."""
        example = self.get_example()
        return times.parse_time(example, self.dtype) if self.kind == DATETIME else example

    def get_example(self) -> Any:
        """Return the example; without one the first category, or a zero value."""
        if self.example is not None:
            return self.example
        if self.categories:
            return self.categories[0]
        return times.format_time(0, self.dtype) if self.kind == DATETIME else ZERO_VALUES[self.kind]


def check_n_columns(n_columns: int) -> None:
    """Raise a ValueError if a table has too many columns."""
    if n_columns > MAX_COLUMNS:
        raise ValueError(f"It has {n_columns:,} columns; at most {MAX_COLUMNS:,} are allowed.")


def list_values(values: Sequence[Any], limit: int) -> str:
    """Return the first values, separated by commas, and the number of the others."""
    listed = ", ".join(map(str, values[:limit]))
    rest = len(values) - limit
    return f"{listed} and {rest:,} more" if rest > 0 else listed


def format_number(value: float, n_digits: int) -> str:
    """Return a number with some digits, or with all before its point if they are as many."""
    is_whole = 10 ** (n_digits - 1) <= abs(value) < MAX_WHOLE
    return f"{value:.0f}" if is_whole else f"{value:.{n_digits}g}"
