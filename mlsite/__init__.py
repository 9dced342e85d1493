"""The site: settings, addresses, home, and the server."""

import os

# Processes and threads are the server's: numerical libraries that each start their own would fight
# over the cores. They read this once, when they are loaded, and nothing has loaded them yet.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
