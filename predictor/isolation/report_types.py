"""Types of the values in reports, all of which a database can store."""

from typing import Annotated

import msgspec

from predictor.isolation.job import MAX_TEXT_LENGTH

# PostgreSQL cannot store U+0000.
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT_LENGTH, pattern=r"\A[^\0]*\Z")]
Value = Text | int | float | bool | None
Count = Annotated[int, msgspec.Meta(ge=0)]
# A probability, or a share of rows.
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
