"""Output of the server on a full disk."""

import os
import subprocess
import sys

import pytest

CODE = """
import sys
from mlsite.server.output import use_lossy_output
use_lossy_output()
print("a line")
print("an error", file=sys.stderr)
sys.stdout.flush()
sys.stderr.flush()
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="The system has no /dev/full.")  # noqa: PTH110
def test_lines_are_lost_on_a_full_disk_and_nothing_fails():
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run([sys.executable, "-c", CODE], stdout=full, stderr=full, check=False)
    assert done.returncode == 0


def test_lines_are_written_otherwise():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"a line\n", b"an error\n")
