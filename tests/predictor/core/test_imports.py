import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

from predictor.core import save

ROOT = Path(__file__).parents[3]
HEAVY = ["joblib", "onnxruntime", "pandas", "scipy", "skops", "sklearn", "yaml"]


def imported(statements):
    """Return which of the heavy packages a process of its own has imported after statements."""
    script = f"{statements}\nimport sys\nprint(sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "statements",
    [
        "import predictor.core",
        "from predictor.core import artifacts, engines, model, signature",
        "from predictor.core import artifacts\n"
        "try: artifacts.load(artifacts.Path('nothing'))\n"
        "except artifacts.ArtifactError: pass",
    ],
)
def test_nothing_heavy_is_imported_before_a_model_is_read(statements):
    assert imported(statements) == "[]"


def test_rows_of_plain_numbers_need_no_pandas():
    statements = (
        "from predictor.core.signature import Column, Signature\n"
        "signature = Signature((Column('a'), Column('b')), ('predict',))\n"
        "signature.rows([{'a': 1, 'b': 2}])"
    )
    assert imported(statements) == "[]"


def test_loading_a_model_imports_what_it_names_and_not_all_of_scikit_learn(tmp_path):
    save(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), tmp_path / "model.skops")
    script = (
        "import sys\nfrom pathlib import Path\nfrom predictor.core import artifacts\n"
        "artifacts.load(Path(sys.argv[1]))\n"
        "others = {'skops', 'sklearn.ensemble', 'sklearn.neural_network', 'sklearn.manifold'}\n"
        "print('sklearn.linear_model' in sys.modules, sorted(others & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", script, tmp_path / "model.skops"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True []\n"
