"""Folders of the benchmarks."""

from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
ROOT = BENCHMARKS.parent
PEERS = BENCHMARKS / "peers"
CACHE = BENCHMARKS / ".cache"  # environments and fitted models; not committed
RESULTS = ROOT / "docs" / "benchmarks"
