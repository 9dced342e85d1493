"""Plot of the ratios, drawn in an environment of its own.

python benchmarks/comparison/plot.py ratios.json ratios.svg
"""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter

COLOURS = ("#0b6e4f", "#2a9d8f", "#8ab17d", "#e9a23b", "#c8553d")


def draw(data: dict, target: Path) -> None:
    """Draw a panel for each model: a group for each server, a bar for each scenario."""
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "mlsite", "font.size": 9}
    models, servers, scenarios = data["models"], data["servers"], data["scenarios"]
    size = (3.2 * len(models) + 1.5, 0.5 * len(servers) + 1.6)
    figure, panels = plt.subplots(1, len(models), sharey=True, figsize=size, squeeze=False)
    height = 0.8 / len(scenarios)
    for panel, model in zip(panels[0], models, strict=True):
        for n, scenario in enumerate(scenarios):
            ratios = [
                ratio
                for ratio in data["ratios"]
                if (ratio["model"], ratio["scenario"]) == (model, scenario)
            ]
            draw_bars(panel, ratios, servers, COLOURS[n % len(COLOURS)], height, n, scenario)
        panel.axvline(1, color="black", linewidth=0.8)
        panel.set(xscale="log", title=model, yticks=range(len(servers)), yticklabels=servers)
        panel.xaxis.set(
            major_locator=LogLocator(subs=(1, 2, 5)),
            major_formatter="{x:g}x",
            minor_formatter=NullFormatter(),
        )
        panel.grid(axis="x", alpha=0.3)
    panels[0][0].invert_yaxis()
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(scenarios), frameon=False)
    figure.suptitle("Requests per second, this project / the other server (above 1: faster)")
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(target, metadata={"Date": None})


def draw_bars(panel, ratios, servers, colour, height, n, label):  # noqa: PLR0913, PLR0917 - a bar
    """Draw the bars of one scenario, each with its range."""
    at = [servers.index(ratio["server"]) - 0.4 + height * (n + 0.5) for ratio in ratios]
    median = [ratio["median"] for ratio in ratios]
    low = [ratio["median"] - ratio["least"] for ratio in ratios]
    high = [ratio["most"] - ratio["median"] for ratio in ratios]
    panel.barh(
        at,
        [value - 1 for value in median],
        height * 0.9,
        left=1,
        color=colour,
        label=label,
        xerr=(low, high),
        error_kw={"linewidth": 0.6},
    )


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
