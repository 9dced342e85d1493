"""Output of a run: the page on the screen; page, plot and figures in a folder."""

import json
import subprocess
from pathlib import Path
from typing import Any

from comparison.cells import Cell
from comparison.environments import Unavailable, environment
from comparison.figures import Figures
from comparison.paths import BENCHMARKS
from comparison.peers import BARE, PROJECT
from comparison.report import markdown, scenario_title

PLOT = BENCHMARKS / "comparison" / "plot.py"
PLOT_S = 120


def write(run: dict[str, Any], folder: Path | None) -> None:
    """Print the page of a run; if there is a folder, write page, plot and figures there."""
    figures = Figures(Cell(**cell) for cell in run["cells"])
    page = markdown(run, figures)
    print(f"\n{page}")
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    name = "default-workers" if run["default"] else "one-worker"
    if plot(run, figures, folder / f"{name}.svg"):
        page = page.replace("\n## Ratios\n", f"\n## Ratios\n\n![The ratios, as bars]({name}.svg)\n")
    (folder / f"{name}.md").write_text(page)
    (folder / f"{name}.json").write_text(raw(run))
    print(f"Written to {folder}.")


def raw(run: dict[str, Any]) -> str:
    """Return a run as JSON, with a line for each cell."""
    cells = ",\n".join(json.dumps(cell) for cell in run["cells"])
    facts = json.dumps({key: value for key, value in run.items() if key != "cells"}, indent=1)
    return f'{facts[:-2]},\n "cells": [\n{cells}\n]}}\n'


def plot(run: dict[str, Any], figures: Figures, target: Path) -> bool:
    """Draw the ratios in an environment that has matplotlib; return whether it succeeded."""
    titles = {name: peer["title"] for name, peer in run["peers"].items()}
    # The bare servers are ten times faster, and would compress the scale of the others.
    servers = [
        name for name in figures.servers if name not in BARE and not name.startswith(PROJECT)
    ]
    data = {
        "models": figures.models,
        "servers": [titles[name] for name in servers],
        "scenarios": [scenario_title(scenario) for scenario in figures.scenarios],
        "ratios": [
            {
                "model": cell.model,
                "server": titles[cell.server],
                "scenario": scenario_title(cell.scenario),
                **vars(ratio),
            }
            for cell in figures.cells
            if cell.server in servers
            and (ratio := figures.ratio(cell.model, cell.scenario, cell.server))
        ],
    }
    source = target.with_suffix(".ratios.json")
    source.write_text(json.dumps(data))
    try:
        interpreter = environment("plot", BENCHMARKS / "plot.requirements.txt")
        subprocess.run([interpreter, PLOT, source, target], check=True, timeout=PLOT_S)
    except (Unavailable, subprocess.SubprocessError) as exc:
        print(f"No plot: {exc}", flush=True)
        return False
    finally:
        source.unlink()
    return True
