"""What joining requests gains a model that stays with scikit-learn: 64 clients, and one.

    python benchmarks/joined.py

The model is a forest of 100 trees that is not compiled. Rounds alternate; the figures are medians
of wrk's requests a second, and of the ratios.
"""

import statistics
import tempfile
import time
from pathlib import Path

from comparison.load import drive, require_wrk, write_bodies
from own_site import Site, forest

ROUNDS, SECONDS, CLIENTS = 5, 5, 64


def main():
    require_wrk()
    home = Path(tempfile.mkdtemp(prefix="mlsite-bench-"))
    estimator, X = forest(home / "forest.skops")
    alone, together = (median_s(estimator, X[:rows]) for rows in (1, CLIENTS))
    ideal = CLIENTS * alone / together
    print(f"the estimator alone: {CLIENTS} rows at once are {ideal:.1f}x as many a second as one")
    bodies = write_bodies(home / "bodies", "object", [*X[:CLIENTS]])
    site = Site(home, ENGINES="scikit-learn")
    site.manage("prepare")
    site.manage("register", "forest", str(home / "forest.skops"), "--promote")
    with site.served():
        pairs = [
            (answered(site, bodies, 1), answered(site, bodies, CLIENTS)) for _ in range(ROUNDS)
        ]
    ratio = statistics.median(many / one for one, many in pairs)
    one, many = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    print(f"served: {one:.0f} requests/s to 1 client, {many:.0f} to {CLIENTS}: {ratio:.1f}x")


def median_s(estimator, X):
    times = []
    for _ in range(30):
        start = time.perf_counter()
        estimator.predict(X)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def answered(site, bodies, clients):
    run = drive(f"{site.url}/models/forest/predict", bodies, "object", clients, SECONDS)
    assert not run.failed, run.failed
    return run.rps


main()
