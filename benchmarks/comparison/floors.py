"""The speeds that this project must reach, and whether a run reaches them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from comparison.cells import Accuracy
from comparison.figures import Figures
from comparison.models import COMPILED, DESCRIPTIONS
from comparison.peers import PROJECT, Peer
from comparison.scripts import Result, table

STOCK = "mlsite-stock"
SERVING_SYSTEMS = (
    *("mlserver", "mlserver-batching", "bentoml", "bentoml-batching"),
    *("litserve", "litserve-batching", "mlflow", "ray_serve"),
)
SINGLE_ROWS = "row@16"
WIDE_MODELS = [name for name in COMPILED if "30 features" in DESCRIPTIONS[name]]


@dataclass(frozen=True)
class Run:
    """The results of a run that floors are read from."""

    figures: Figures
    titles: Mapping[str, str]
    scripts: Mapping[str, Result]
    accuracy: list[Accuracy]


@dataclass(frozen=True)
class Measured:
    """A measured value and its explanation."""

    value: float
    explanation: str


@dataclass(frozen=True)
class Floor:
    """A measurement with its limit: a lower limit for ratios to peers, else an upper one."""

    text: str
    limit: float
    measure: Callable[[Run], Measured | None]
    at_most: bool = False
    unit: str = "x"

    def line(self, run: Run) -> list[str]:
        """Return the line of the table."""
        limit = f"at {'most' if self.at_most else 'least'} {self.limit:g}{self.unit}"
        measured = self.measure(run)
        if measured is None:
            return [self.text, limit, "not measured", ""]
        digits = 2 if self.unit == "x" else 1
        value = f"**{measured.value:.{digits}f}{self.unit}** ({measured.explanation})"
        holds = measured.value <= self.limit if self.at_most else measured.value >= self.limit
        return [self.text, limit, value, "yes" if holds else "**no**"]


def ratio(
    models: list[str], peers: tuple[str, ...], scenario: str = SINGLE_ROWS, numerator: str = PROJECT
) -> Callable[[Run], Measured | None]:
    """Return a function for the lowest ratio to any of the peers with any of the models.

    The lowest ratio is the one to the fastest peer. Without names of peers, all peers count whose
    probabilities do not differ from the estimator's.
    """

    def measure(run: Run) -> Measured | None:
        names = peers or exact_peers(run)
        ratios = [
            (result.median, model, peer)
            for model in models
            for peer in names
            if (result := run.figures.ratio(model, scenario, peer, numerator=numerator))
        ]
        if not ratios:
            return None
        value, model, peer = min(ratios)
        return Measured(
            value, explain(run, model, scenario, (numerator, peer), full=len(ratios) > 1)
        )

    return measure


def exact_peers(run: Run) -> list[str]:
    inexact = {item.server for item in run.accuracy if item.difference > Peer.tolerance}
    return [
        name for name in run.figures.servers if name not in inexact and not name.startswith(PROJECT)
    ]


def explain(run: Run, model: str, scenario: str, pair: tuple[str, str], *, full: bool) -> str:
    """Return the requests per second of a pair, and if needed which model and peer it was."""
    cells = [run.figures.cell(model, scenario, name) for name in pair]
    rates = " vs ".join(f"{median(cell.rps):,.0f}" for cell in cells if cell)
    parts = [f"{rates} requests/s"]
    if full:
        parts.append(f"{model}, {run.titles[pair[1]]}")
    parts += [
        f"its probabilities differ by up to {accuracy.difference:.0e}"
        for accuracy in run.accuracy
        if (accuracy.server, accuracy.model) == (pair[1], model)
    ]
    return "; ".join(parts)


def script(name: str) -> Callable[[Run], Measured | None]:
    """Return a function for the value of a script."""

    def measure(run: Run) -> Measured | None:
        result = run.scripts.get(name)
        return Measured(result.value, result.explanation) if result else None

    return measure


FLOORS = [
    Floor(
        "logistic regression, against mosec with NumPy written by hand",
        1.5,
        ratio(["logistic"], ("mosec",)),
    ),
    Floor(
        "logistic regression, against Starlette + msgspec + NumPy written by hand",
        0.8,
        ratio(["logistic"], ("starlette",)),
    ),
    Floor(
        "logistic regression, against FastAPI + pydantic + joblib",
        4,
        ratio(["logistic"], ("fastapi",)),
    ),
    Floor(
        "random forest, against FastAPI + ONNX Runtime written by hand",
        1.3,
        ratio(["forest"], ("fastapi_onnx",)),
    ),
    Floor("random forest, against FastAPI + joblib", 20, ratio(["forest"], ("fastapi",))),
    Floor(
        "random forest, against LitServe and MLServer with batching",
        3,
        ratio(["forest"], ("litserve-batching", "mlserver-batching")),
    ),
    Floor(
        "every compiled model, against the fastest of MLServer, BentoML, LitServe, MLflow",
        2,
        ratio(COMPILED, SERVING_SYSTEMS),
    ),
    Floor(
        "1,000 rows of 30 columns as JSON, against the fastest exact server",
        1.2,
        ratio(WIDE_MODELS, (), "rows"),
    ),
    Floor(
        "without the fast path (`FAST_PATH=false`), against a naive DRF view + joblib",
        1.5,
        ratio(["logistic"], ("drf",), numerator=STOCK),
    ),
    Floor(
        "p99 while one request waits for the database, one registers a forest and one uploads "
        "a byte per second, against undisturbed",
        2,
        script("disturbed"),
        at_most=True,
    ),
    Floor(
        "any page of 1,000,000 tasks, against the same page of 1,000",
        2,
        script("tasks_paging"),
        at_most=True,
    ),
    Floor(
        "the slowest page of a site with 200 models and 100,000 tasks",
        200,
        script("pages"),
        at_most=True,
        unit=" ms",
    ),
    Floor(
        "an estimator process, beyond the estimator's own call, one row and one client",
        200,
        script("isolation"),
        at_most=True,
        unit=" µs",
    ),
    Floor(
        "memory of a second worker, with two small models",
        60,
        script("memory"),
        at_most=True,
        unit=" MB",
    ),
]


def floors(run: Run) -> str:
    """Return the table of all floors."""
    head = ["measurement", "required", "measured", "holds"]
    return table(head, [floor.line(run) for floor in FLOORS])
