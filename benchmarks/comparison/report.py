"""The tables, as Markdown."""

import statistics
from typing import Any

from comparison.figures import Figures
from comparison.models import BATCH_ROWS, WORDS
from comparison.peers import OURS

SCENARIOS = {"rows": f"{BATCH_ROWS:,} rows, JSON", "best": f"{BATCH_ROWS:,} rows, best body"}


def words(scenario: str) -> str:
    """Return a scenario as the head of a column."""
    if scenario in SCENARIOS:
        return SCENARIOS[scenario]
    clients = scenario.removeprefix("row@")
    return f"one row, {clients} client{'s' if clients != '1' else ''}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratios(figures: Figures, titles: dict[str, str]) -> str:
    """Return ours to each peer's requests a second: a line for each model and scenario."""
    peers = [name for name in figures.servers if name != OURS]
    lines = []
    for model in figures.models:
        for scenario in figures.scenarios:
            shown = [_ratio(figures, model, scenario, peer) for peer in peers]
            if any(shown):
                lines.append([model, words(scenario), *shown])
    return table(["model", "asked", *(titles[peer] for peer in peers)], lines)


def _ratio(figures: Figures, model: str, scenario: str, peer: str) -> str:
    ratio = figures.ratio(model, scenario, peer)
    if ratio:
        return f"**{ratio.median:.2f}** ({ratio.least:.2f} to {ratio.most:.2f})"
    return "failed" if figures.cell(model, scenario, peer) else ""


def rates(figures: Figures, model: str, titles: dict[str, str]) -> str:
    """Return what each server did with one model: a line for each server."""
    head = ["server", *map(words, figures.scenarios)]
    lines = [
        [
            titles[server],
            *(_rate(figures, model, scenario, server) for scenario in figures.scenarios),
        ]
        for server in figures.servers
    ]
    return table(head, [line for line in lines if any(line[1:])])


def _rate(figures: Figures, model: str, scenario: str, server: str) -> str:
    cell = figures.cell(model, scenario, server)
    if cell is None:
        return ""
    if cell.failed:
        return f"failed: {cell.failed}"
    rps, p50, p99 = map(statistics.median, (cell.rps, cell.p50_ms, cell.p99_ms))
    return f"{rps:,.0f}/s, {p50:,.2f} / {p99:,.2f} ms"


def markdown(run: dict[str, Any], figures: Figures) -> str:
    """Return the whole page of a run."""
    titles = {name: peer["title"] for name, peer in run["peers"].items()}
    parts = [
        "# Ours against others",
        f"Made by `{run['command']}` on {run['made_at']}: {run['machine']}. {run['method']}",
        "## Ratios",
        "Our requests a second by the server's: the median of the rounds, and their spread.",
        ratios(figures, titles),
        "## Requests a second, and latency p50 / p99",
    ]
    for model in figures.models:
        parts += [f"**{model}**: {WORDS[model]}", rates(figures, model, titles)]
    parts += ["## Servers", servers(run)]
    if run["failures"]:
        parts += ["## Failed", failures(run, titles)]
    return "\n\n".join(parts) + "\n"


def servers(run: dict[str, Any]) -> str:
    lines = [
        [peer["title"], peer["what"], ", ".join(f"{n} {v}" for n, v in peer["versions"].items())]
        for peer in run["peers"].values()
    ]
    return table(["server", "configuration", "versions"], lines)


def failures(run: dict[str, Any], titles: dict[str, str]) -> str:
    lines = []
    for failure in run["failures"]:
        server, model = failure["server"], failure["model"] or "all models"
        lines.append(f"- {titles.get(server, server)}, {model}: {failure['reason']}")
    return "\n".join(lines)
