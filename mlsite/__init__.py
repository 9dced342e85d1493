"""The site: settings, URLs, home page, accounts and the server."""

import os

# The server's processes and threads already use all cores. Numerical libraries would add threads of
# their own to each; they read these variables once, when they are imported, which is later.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
