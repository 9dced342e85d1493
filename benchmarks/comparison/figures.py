"""From rounds to ratios."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from comparison.cells import Cell
from comparison.peers import OURS


@dataclass(frozen=True)
class Ratio:
    """Ours to a peer's, round by round: the median, the least and the most."""

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
        """Return a cell; whoever has no better body for a batch has its JSON one."""
        found = self._by_key.get((model, scenario, server))
        if found is None and scenario == "best":
            return self._by_key.get((model, "rows", server))
        return found

    def ratio(self, model: str, scenario: str, server: str) -> Ratio | None:
        """Return ours to a peer's; None where either did not answer all it was asked."""
        ours, theirs = (self.cell(model, scenario, name) for name in (OURS, server))
        if ours is None or theirs is None or ours.failed or theirs.failed:
            return None
        ratios = [a / b for a, b in zip(ours.rps, theirs.rps, strict=True)]
        return Ratio(statistics.median(ratios), min(ratios), max(ratios))
