"""One column of X: its name, what it holds, and what is taken as a value of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER, STRING, TAKERS, Refused, within

# How many categories a refusal names; the others are only counted.
NAMED_CATEGORIES = 20

EXPECTED = {
    NUMBER: "a number",
    INTEGER: "an integer",
    BOOLEAN: "true or false",
    STRING: "a string",
}


@dataclass(frozen=True)
class Column:
    """One column of X.

    Parameters
    ----------
    name : str
    description : str
        What it means, with its unit.
    dtype : str
        The NumPy or pandas dtype that the estimator was fitted on.
    kind : {"number", "integer", "boolean", "string"}
        What its values are in JSON.
    required : bool
        Whether a row without it is refused.
    nullable : bool
        Whether missing values are taken.
    categories : tuple, optional
        The values that an encoder was fitted on.
    closed : bool
        Whether other values than the categories are refused.
    missing_as_none : bool
        Whether a missing value is None to the estimator, and not NaN.
    range : pair of float, optional
        The least and the greatest value seen in a sample.
    example : optional
        A value seen in a sample.
    """

    name: str
    description: str = ""
    dtype: str = "float64"
    kind: str = NUMBER
    required: bool = True
    nullable: bool = False
    categories: tuple[Any, ...] | None = None
    closed: bool = False
    missing_as_none: bool = False
    range: tuple[float, float] | None = None
    example: Any = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the column whose fields are these."""
        fields = dict(data)
        fields["missing_as_none"] = fields.pop("none", False)
        for name in ("range", "categories"):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain values, without the defaults of a numeric column."""
        fields = asdict(self)
        fields["none"] = fields.pop("missing_as_none")
        for name in ("kind", "categories", "closed", "none"):
            if fields[name] in (NUMBER, None, False):
                del fields[name]
        return fields

    @property
    def plain(self) -> bool:
        """Whether any finite number is a value of it."""
        return self.kind == NUMBER and not self.closed

    @property
    def expected(self) -> str:
        """What is taken, in words."""
        if self.closed and self.categories:
            named = ", ".join(map(str, self.categories[:NAMED_CATEGORIES]))
            rest = len(self.categories) - NAMED_CATEGORIES
            words = f"one of {named}" + (f" and {rest:,} more" if rest > 0 else "")
        else:
            words = EXPECTED[self.kind]
        return f"{words}, or null" if self.nullable else words

    def take(self, value: Any) -> Any:
        """Return a parsed JSON value as a value of this column; None where it is missing.

        Raises
        ------
        Refused
            The value does not fit.
        """
        if value is None:
            if self.nullable:
                return None
            raise Refused("null")
        taken = TAKERS[self.kind](value)
        if self.kind == INTEGER:
            within(taken, self.dtype)
        if self.closed and self.categories and taken not in self.categories:
            raise Refused("another one")
        return taken

    def blank(self) -> Any:
        """Return a value of it: the example, else a category, else the plainest one there is."""
        if self.example is not None:
            return self.example
        if self.categories:
            return self.categories[0]
        return {NUMBER: 0.0, INTEGER: 0, BOOLEAN: False, STRING: ""}[self.kind]
