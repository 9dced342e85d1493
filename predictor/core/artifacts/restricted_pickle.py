"""Pickle and joblib files, read only where somebody asked for it, with a short list of names.

Unpickling calls what the file names. Here a file may name the types that a skops file may, and the
few functions by which NumPy, SciPy and scikit-learn rebuild them; nothing else is looked up.
"""

import io
import pickle
import re
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

from predictor.core.artifacts import sklearn_0_17
from predictor.core.artifacts.skops import trusted_types
from predictor.core.errors import ArtifactError

# Where the present versions keep what older ones named otherwise.
MOVED = {
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
    "numpy.core._internal": "numpy._core._internal",
    "copy_reg": "copyreg",
    "__builtin__": "builtins",
}

# By what pickles rebuild plain objects and arrays.
REBUILDERS = {
    "copyreg._reconstructor",
    "builtins.object",
    "builtins.list",
    "builtins.tuple",
    "builtins.set",
    "builtins.frozenset",
    "builtins.dict",
    "builtins.slice",
    "builtins.bytearray",
    "builtins.complex",
    "builtins.int",
    "builtins.float",
    "builtins.str",
    "builtins.bool",
    "collections.OrderedDict",
    "collections.defaultdict",
    "_codecs.encode",
    "functools.partial",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.ndarray",
    "numpy.dtype",
    "numpy.ma.core.MaskedArray",
    "numpy.ma.core._mareconstruct",
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__bit_generator_ctor",
    "numpy.random._pickle.__generator_ctor",
    "numpy.random._mt19937.MT19937",
    "numpy.random._pcg64.PCG64",
    "numpy.random.bit_generator.SeedSequence",
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
    "numpy.random.mtrand.RandomState",
    "sklearn.neighbors._kd_tree.newObj",
    "sklearn.neighbors._ball_tree.newObj",
    "sklearn.metrics._dist_metrics.newObj",
    "sklearn._loss._loss.__pyx_unpickle_CyLossFunction",
}

# The sparse matrices of SciPy, and nothing else of its modules.
SPARSE = re.compile(r"scipy\.sparse\._\w+\.(bsr|coo|csc|csr|dia|dok|lil)_(matrix|array)")


class Unpickler(pickle.Unpickler):
    """Reads a pickle that names only what is listed."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what the file names, if it is listed."""
        module, name = sklearn_0_17.moved(MOVED.get(module, module), name)
        full = f"{module}.{name}"
        if "." in name:  # a path of attributes, which would lead out of whatever it begins at
            raise ArtifactError(f"The pickle names what is not allowed: {full}.")
        rebuilt = full in REBUILDERS or full in trusted_types.DATA["TypeNode"]
        known = any(full in names for names in _lists().values())
        loss = module in ("sklearn._loss._loss", "sklearn.linear_model._sgd_fast")
        loss = loss and re.fullmatch(r"__pyx_unpickle_Cy\w+", name) is not None
        if rebuilt or known or loss or SPARSE.fullmatch(full):
            return super().find_class(module, name)
        if (
            trusted_types.is_estimator(full)
            or trusted_types.is_ufunc(full)
            or trusted_types.is_metric(full)
        ):
            return super().find_class(module, name)
        raise ArtifactError(f"The pickle names what is not allowed: {full}.")


def _lists() -> dict[str, set[str]]:
    return trusted_types.by_loader()


def load(path: Path) -> tuple[Any, list[str], str]:
    """Return the estimator in a pickle or joblib file, what was changed, and what fitted it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    estimator : estimator
        As the present scikit-learn runs it.
    notes : list of str
        What was changed for that, a sentence each.
    version : str
        The scikit-learn that fitted it.

    Raises
    ------
    ArtifactError
        The file is damaged, or names what is not listed.
    """
    data = path.read_bytes()
    if not data:
        raise ArtifactError("The file is empty.")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            estimator = _joblib(path) if _is_joblib(data) else _pickle(data)
        except ArtifactError:
            raise
        except Exception as exc:
            raise ArtifactError("The file is not a pickle of an estimator.") from exc
    others = [getattr(each.message, "original_sklearn_version", None) for each in told]
    other = next((version for version in others if version), None)
    return *sklearn_0_17.upgraded(estimator), other or metadata.version("scikit-learn")


def _pickle(data: bytes) -> Any:
    # A pickle of Python 2 holds its arrays as text of this encoding.
    return Unpickler(io.BytesIO(data), encoding="latin1").load()


def _is_joblib(data: bytes) -> bool:
    return b"NumpyArrayWrapper" in data or not data.startswith((b"\x80", b"c", b"("))


def _joblib(path: Path) -> Any:
    from joblib import numpy_pickle

    class Array(numpy_pickle.NumpyArrayWrapper):  # type: ignore[misc]  # joblib ships no types
        """An array in a joblib file; one of objects is a pickle of its own."""

        def read_array(self, unpickler: Any, ensure_native_byte_order: bool) -> Any:  # noqa: FBT001 - joblib's own
            """Return the array."""
            if not self.dtype.hasobject:
                return super().read_array(unpickler, ensure_native_byte_order)
            return Unpickler(unpickler.file_handle).load().reshape(self.shape)

    class Joblib(numpy_pickle.NumpyUnpickler):  # type: ignore[misc]
        """joblib's own reader, with the short list."""

        def find_class(self, module: str, name: str) -> Any:
            """Return what the file names, if it is listed."""
            if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
                return Array
            return Unpickler.find_class(Unpickler(io.BytesIO()), module, name)

        dispatch = numpy_pickle.NumpyUnpickler.dispatch.copy()

    with path.open("rb") as raw:
        inflated = numpy_pickle._validate_fileobject_and_memmap(raw, str(path))  # noqa: SLF001
        with inflated as (file, _):
            return Joblib(str(path), file, ensure_native_byte_order=True).load()
