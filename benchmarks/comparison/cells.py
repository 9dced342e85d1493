"""Scenarios of a run, and the results that it collects."""

from dataclasses import dataclass, field

from comparison.load import Measurement

BATCH_CLIENTS = 4  # enough to keep one worker busy


@dataclass(frozen=True)
class Scenario:
    """A kind of body, sent by a number of clients."""

    kind: str
    clients: int

    @property
    def name(self) -> str:
        """Name of the scenario in the figures."""
        return f"row@{self.clients}" if self.kind == "row" else self.kind


def scenarios(clients: list[int]) -> list[Scenario]:
    batches = [Scenario(kind, BATCH_CLIENTS) for kind in ("rows", "best")]
    return [*(Scenario("row", count) for count in clients), *batches]


WARM_UP = Scenario("row", 16)


@dataclass
class Cell:
    """Measurements of one model, one scenario and one server: a value for each round."""

    model: str
    scenario: str
    server: str
    rps: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    failed: str = ""

    def add(self, measurement: Measurement) -> None:
        """Append the measurement of one round."""
        self.rps.append(round(measurement.rps, 2))
        self.p50_ms.append(measurement.p50_ms)
        self.p99_ms.append(measurement.p99_ms)
        self.failed = self.failed or measurement.failed


@dataclass
class Failure:
    """A server or script that could not be measured; `model` is empty if with no model."""

    server: str
    model: str
    reason: str


@dataclass
class Accuracy:
    """Largest difference between a server's probabilities and the estimator's."""

    server: str
    model: str
    difference: float


@dataclass
class Notes:
    """Results of a run besides the timings."""

    failures: list[Failure] = field(default_factory=list)
    accuracy: list[Accuracy] = field(default_factory=list)
