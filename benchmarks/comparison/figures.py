"""Ratios of the requests per second of two servers."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from comparison.cells import Cell
from comparison.peers import PROJECT


@dataclass(frozen=True)
class Ratio:
    """Median, least and greatest ratio of all rounds."""

    median: float
    least: float
    most: float


class Figures:
    """The cells of a run, by model, scenario and server."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self.cells = list(cells)
        self._by_key = {(cell.model, cell.scenario, cell.server): cell for cell in self.cells}
        self.models = list(dict.fromkeys(cell.model for cell in self.cells))
        self.scenarios = list(dict.fromkeys(cell.scenario for cell in self.cells))
        self.servers = list(dict.fromkeys(cell.server for cell in self.cells))

    def cell(self, model: str, scenario: str, server: str) -> Cell | None:
        """Return a cell; for a server whose best batch body is JSON, `best` is `rows`."""
        cell = self._by_key.get((model, scenario, server))
        if cell is None and scenario == "best":
            return self._by_key.get((model, "rows", server))
        return cell

    def ratio(
        self, model: str, scenario: str, server: str, *, numerator: str = PROJECT
    ) -> Ratio | None:
        """Return this project's requests per second divided by a peer's; None if either failed."""
        pair = [self.cell(model, scenario, name) for name in (numerator, server)]
        if any(cell is None or cell.failed for cell in pair):
            return None
        numerators, denominators = (cell.rps for cell in pair if cell)
        ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
        return Ratio(statistics.median(ratios), min(ratios), max(ratios))
