"""The page of a run, as Markdown."""

import statistics
from collections.abc import Callable
from typing import Any

from comparison.cells import Accuracy
from comparison.figures import Figures
from comparison.floors import Run, floors
from comparison.models import BATCH_ROWS, DESCRIPTIONS
from comparison.peers import PROJECT
from comparison.scripts import Result, table

LEGEND = (
    "Ratios of requests per second, this project divided by the other server: one row per request, "
    "16 clients, one worker process each, unless the line says otherwise. This project validates, "
    "logs and counts every request."
)
BATCH_SCENARIOS = {
    "rows": f"{BATCH_ROWS:,} rows, JSON",
    "best": f"{BATCH_ROWS:,} rows, best body",
}


def scenario_title(scenario: str) -> str:
    """Return the heading of a column."""
    if scenario in BATCH_SCENARIOS:
        return BATCH_SCENARIOS[scenario]
    clients = scenario.removeprefix("row@")
    return f"one row, {clients} client{'s' if clients != '1' else ''}"


def grid(figures: Figures, titles: dict[str, str], text: Callable[[str, str], str]) -> str:
    """Return a table with a line for each server and a column for each scenario."""
    head = ["server", *map(scenario_title, figures.scenarios)]
    lines = [
        [titles[server], *(text(scenario, server) for scenario in figures.scenarios)]
        for server in figures.servers
    ]
    return table(head, [line for line in lines if any(line[1:])])


def ratios(figures: Figures, model: str, titles: dict[str, str]) -> str:
    """Return this project's requests per second divided by those of each server."""

    def text(scenario: str, server: str) -> str:
        if server == PROJECT or figures.cell(model, scenario, server) is None:
            return ""
        ratio = figures.ratio(model, scenario, server)
        if ratio is None:
            return "failed"
        return f"**{ratio.median:.2f}** ({ratio.least:.2f} to {ratio.most:.2f})"

    return grid(figures, titles, text)


def rates(figures: Figures, model: str, titles: dict[str, str]) -> str:
    """Return the requests per second and the latencies of each server."""

    def text(scenario: str, server: str) -> str:
        cell = figures.cell(model, scenario, server)
        if cell is None:
            return ""
        if cell.failed:
            return f"failed: {cell.failed}"
        rps, p50, p99 = map(statistics.median, (cell.rps, cell.p50_ms, cell.p99_ms))
        return f"{rps:,.0f}/s, {p50:,.2f} / {p99:,.2f} ms"

    return grid(figures, titles, text)


def markdown(run: dict[str, Any], figures: Figures) -> str:
    """Return the whole page of a run."""
    titles = {name: peer["title"] for name, peer in run["peers"].items()}
    scripts = {name: Result(**result) for name, result in run["scripts"].items()}
    accuracy = [Accuracy(**item) for item in run["accuracy"]]
    parts = ["# Speed of this project and of other servers"]
    if not run["default"]:
        parts += [
            floors(Run(figures, titles, scripts, accuracy)),
            LEGEND,
        ]
    parts.append(
        f"Measured by `{run['command']}` on {run['made_at']}: {run['machine']}. {run['method']}"
    )
    parts += ["## Ratios", "The median of the rounds, and in brackets the least and the greatest."]
    for model in figures.models:
        parts += [f"**{model}**: {DESCRIPTIONS[model]}", ratios(figures, model, titles)]
    parts.append("## Requests per second, and latency p50 / p99")
    for model in figures.models:
        parts += [f"**{model}**: {DESCRIPTIONS[model]}", rates(figures, model, titles)]
    if scripts:
        parts.append("## This project alone")
        for result in scripts.values():
            parts += [f"**{result.title}**", table(result.head, result.rows)]
    parts += ["## Servers", servers(run)]
    if run["failures"]:
        parts += ["## Failures", failures(run, titles)]
    return "\n\n".join(parts) + "\n"


def servers(run: dict[str, Any]) -> str:
    lines = [
        [
            peer["title"],
            peer["description"],
            ", ".join(f"{package} {version}" for package, version in peer["versions"].items()),
        ]
        for peer in run["peers"].values()
    ]
    return table(["server", "configuration", "versions"], lines)


def failures(run: dict[str, Any], titles: dict[str, str]) -> str:
    lines = []
    for failure in run["failures"]:
        server, model = failure["server"], failure["model"] or "all models"
        lines.append(f"- {titles.get(server, server)}, {model}: {failure['reason']}")
    return "\n".join(lines)
