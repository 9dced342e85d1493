import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from predictor.core.compiled.serialization import dumps
from predictor.core.compiler.converters.dispatch import convert

ROOT = Path(__file__).parents[3]
HEAVY = [
    *("joblib", "ml_dtypes", "onnx", "onnxruntime", "pandas", "scipy", "skops", "sklearn"),
    "yaml",
]


def test_a_contract_names_every_module():
    """The linter checks that the layers of a package name all of its modules."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    covered = {"mlsite", "tasks", "predictor"}
    for contract in contracts["contracts"]:
        if contract.get("exhaustive"):
            covered |= set(contract["containers"])
        covered |= {name.removesuffix(".*") for name in contract.get("modules", ())}
    packages = set()
    for name in ("mlsite", "tasks", "predictor"):
        for path in (ROOT / name).rglob("__init__.py"):
            modules = [each for each in path.parent.iterdir() if each.suffix == ".py"]
            if len(modules) > 2 and path.parent.name != "migrations":  # else it has one module
                packages.add(".".join(path.parent.relative_to(ROOT).parts))
    assert packages - covered == set()


def find_imported(statements, packages=HEAVY):
    """Return the packages of a list that a new process has imported after some statements."""
    script = f"{statements}\nimport sys\nprint(sorted(set({packages}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


# One process runs all statements, because imports stay in a process.
def test_numeric_rows_import_no_heavy_package():
    statements = (
        "import predictor.core\n"
        "from predictor.core import artifacts, engines, model, signature\n"
        "try: artifacts.load(artifacts.Path('nothing'))\n"
        "except artifacts.ArtifactError: pass\n"
        "from predictor.core.signature import Column, Signature\n"
        "signature = Signature((Column('a'), Column('b')), ('predict',))\n"
        "signature.parse_rows([{'a': 1, 'b': 2}])"
    )
    assert find_imported(statements) == "[]"


def test_a_supervisor_imports_numpy_at_its_first_request():
    statements = "import predictor.isolation.supervisor"
    assert find_imported(statements, [*HEAVY, "numpy"]) == "[]"


def test_a_model_imports_only_the_modules_that_it_names(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\nfrom predictor.core import artifacts, save\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "estimator = LogisticRegression().fit([[0.0], [1.0]], [0, 1])\n"
        "save(estimator, Path(sys.argv[1]))\n"
        "artifacts.load(Path(sys.argv[1]))\n"
        "others = {'skops', 'sklearn.ensemble', 'sklearn.neural_network', 'sklearn.manifold'}\n"
        "print('sklearn.linear_model' in sys.modules, sorted(others & sys.modules.keys()))\n"
        # Estimators that are public only after the import of an experimental module.
        "from predictor.core.artifacts.skops.trusted_types import EXPERIMENTAL, is_estimator\n"
        "print(set(map(is_estimator, EXPERIMENTAL)))"
    )
    command = [sys.executable, "-c", script, tmp_path / "model.skops"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True []\n{True}\n"


# NumPy, SciPy, scikit-learn and their requirements can be imported, and packages of boosting; no other
# installed package.
NOTEBOOK = """
import sys
from importlib.abc import MetaPathFinder
from importlib.metadata import packages_distributions

ALLOWED = {"numpy", "scipy", "sklearn", "joblib", "threadpoolctl", "narwhals", "cloudpickle"}
ALLOWED |= {"lightgbm", "xgboost"}
REFUSED = packages_distributions().keys() - ALLOWED
assert {"django", "msgspec", "orjson", "pandas", "onnx", "yaml"} < REFUSED

class Refuse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"{name} is not installed.", name=name)

sys.meta_path.insert(0, Refuse())
from predictor.core import save
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y, texts = [[0.0, 1.0], [1.0, 3.0], [2.0, 0.0]], [0, 1, 0], ["a word", "two words", "more"]
forest = RandomForestClassifier(2).fit(X, y)
save(forest, sys.argv[1])
save(forest, sys.argv[1], sample=X)
save(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y), sys.argv[1], sample=X)
save(make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, y), sys.argv[1], texts)
boosted = {"xgboost", "lightgbm"} & sys.modules.keys()
from lightgbm import LGBMClassifier
from xgboost import XGBClassifier

save(XGBClassifier(n_estimators=2, n_jobs=1).fit(X, y), sys.argv[1], sample=X)
save(LGBMClassifier(n_estimators=2, n_jobs=1, verbose=-1).fit(X, y), sys.argv[1], sample=X)
print(boosted)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"msgspec", "orjson", "pandas"}))
"""


def test_a_notebook_needs_only_numpy_scipy_and_scikit_learn(tmp_path):
    command = [sys.executable, "-c", NOTEBOOK, tmp_path / "model.skops"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("set()\n[]\n", "")


def test_a_compiled_forest_imports_only_packages_of_onnx(tmp_path):
    X = np.arange(40.0).reshape(-1, 2)
    compiled = convert(RandomForestClassifier(2, random_state=0).fit(X, X[:, 0] > 9))
    path = tmp_path / "compiled.npz"
    path.write_bytes(dumps(compiled, {}))
    statements = (
        "import numpy as np\nfrom pathlib import Path\n"
        "from predictor.core.compiled.serialization import loads\n"
        f"compiled, _ = loads(Path({str(path)!r}).read_bytes())\n"
        "assert compiled.predict(np.array([[40.0, 41.0]])).tolist() == [True]"
    )
    assert find_imported(statements) == "['ml_dtypes', 'onnx', 'onnxruntime']"
