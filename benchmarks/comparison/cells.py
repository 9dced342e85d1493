"""What is asked, and what came of it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from comparison.load import Measurement

BATCH_CLIENTS = 4  # enough to keep one worker busy


@dataclass(frozen=True)
class Scenario:
    """A kind of body, asked by so many clients."""

    kind: str
    clients: int

    @property
    def name(self) -> str:
        """What the figures call it."""
        return f"row@{self.clients}" if self.kind == "row" else self.kind


def scenarios(clients: list[int]) -> list[Scenario]:
    batches = [Scenario(kind, BATCH_CLIENTS) for kind in ("rows", "best")]
    return [*(Scenario("row", count) for count in clients), *batches]


WARMING = Scenario("row", 16)


@dataclass
class Cell:
    """What the rounds gave for one model, one scenario and one server."""

    model: str
    scenario: str
    server: str
    rps: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    failed: str = ""

    def add(self, measured: Measurement) -> None:
        """Take the measurement of one round."""
        self.rps.append(round(measured.rps, 2))
        self.p50_ms.append(measured.p50_ms)
        self.p99_ms.append(measured.p99_ms)
        self.failed = self.failed or measured.failed

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


@dataclass
class Failure:
    """A peer that could not be measured, or not with this model."""

    server: str
    model: str
    reason: str
