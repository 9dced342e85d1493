"""Reader of pickle and joblib files that resolves only the names on an allow-list.

Unpickling calls the functions that the file names. The allow-list contains the types that a skops
file may contain, and the functions with which NumPy, SciPy and scikit-learn restore them.
"""

import io
import pickle
import re
import warnings
from collections.abc import Collection, Iterable
from importlib import metadata
from typing import Any

from predictor.core.artifacts import bounds, sklearn_0_17, sklearn_upgrade
from predictor.core.artifacts.skops import trusted_types
from predictor.core.errors import ArtifactError

# Modules that have another name in the installed versions.
RENAMED_MODULES = (
    {
        "numpy.core.multiarray": "numpy._core.multiarray",
        "numpy.core.numeric": "numpy._core.numeric",
        "numpy.core._internal": "numpy._core._internal",
        "copy_reg": "copyreg",
        "__builtin__": "builtins",
    }
    | sklearn_0_17.MODULES
    | sklearn_upgrade.RENAMED_MODULES
)

# Types and functions with which pickles build plain objects and arrays.
REBUILDERS = trusted_types.qualify(
    {
        "_codecs": "encode",
        "builtins": "bool bytearray complex dict float frozenset int list object set slice str "
        "tuple",
        "collections": "OrderedDict defaultdict",
        "copyreg": "_reconstructor",
        "functools": "partial",
        "numpy": "dtype ndarray",
        "numpy._core.multiarray": "_reconstruct scalar",
        "numpy._core.numeric": "_frombuffer",
        "numpy.ma.core": "MaskedArray _mareconstruct",
        "numpy.random._mt19937": "MT19937",
        "numpy.random._pcg64": "PCG64",
        "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
        "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
        "numpy.random.mtrand": "RandomState",
        "sklearn._loss._loss": "__pyx_unpickle_CyLossFunction",
        "sklearn.metrics._dist_metrics": "newObj",
        "sklearn.neighbors._ball_tree": "newObj",
        "sklearn.neighbors._kd_tree": "newObj",
    }
)

# SciPy's sparse matrices and arrays, and no other names of their modules.
SPARSE = re.compile(r"scipy\.sparse\._\w+\.(bsr|coo|csc|csr|dia|dok|lil)_(matrix|array)")

# The functions that restore scikit-learn's loss functions.
LOSS = re.compile(r"sklearn\.(_loss\._loss|linear_model\._sgd_fast)\.__pyx_unpickle_Cy\w+")


class Unpickler(pickle.Unpickler):
    """Unpickler that resolves only allowed names.

    Parameters
    ----------
    file : file object
    trusted : collection of str
        Types and functions that the operator adds to the allow-list.
    """

    def __init__(self, file: Any, trusted: Collection[str]) -> None:
        # Pickles of Python 2 contain arrays as text with this encoding.
        super().__init__(file, encoding="latin1")
        self.trusted = trusted

    def find_class(self, module: str, name: str) -> Any:
        """Return the object with this name.

        Raises
        ------
        ArtifactError
            The name is not allowed.
        """
        module = RENAMED_MODULES.get(module, module)
        full_name = f"{module}.{name}"
        # A name with a dot is a path of attributes, which may leave its module.
        is_allowed = full_name in self.trusted or _is_allowed(full_name)
        if "." in name or not is_allowed:
            advice = "" if "." in name else trusted_types.explain_setting([full_name])
            raise ArtifactError(f"The pickle contains {full_name}, which is not allowed.{advice}")
        return super().find_class(module, name)


def _is_allowed(full_name: str) -> bool:
    return (
        full_name in REBUILDERS
        or full_name in trusted_types.DATA["TypeNode"]
        or any(full_name in names for names in trusted_types.by_loader().values())
        or SPARSE.fullmatch(full_name) is not None
        or LOSS.fullmatch(full_name) is not None
        or trusted_types.is_estimator(full_name)
        or trusted_types.is_ufunc(full_name)
        or trusted_types.is_metric(full_name)
    )


def load(data: bytes, trusted: Iterable[str] = ()) -> tuple[Any, list[str], str]:
    """Return the estimator in a pickle or joblib file.

    Parameters
    ----------
    data : bytes
        The content of the file.
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.

    Returns
    -------
    estimator : estimator
        The estimator, upgraded to the installed scikit-learn.
    notes : list of str
        One sentence for each change of the upgrade.
    version : str
        The scikit-learn version that fitted the estimator.

    Raises
    ------
    ArtifactError
        The file is damaged; it contains a name that is not allowed; it contains no estimator.
    """
    if not data:
        raise ArtifactError("The file is empty.")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            load_file = _load_joblib if _is_joblib(data) else _load_pickle
            estimator = load_file(data, set(trusted))
        except ArtifactError:
            raise
        except Exception as exc:
            raise ArtifactError(_explain(exc, caught)) from exc
    other_version = _find_version(caught)
    installed = metadata.version("scikit-learn")
    estimator, notes = sklearn_0_17.upgrade(estimator)
    if other_version:
        sklearn_upgrade.upgrade(bounds.everything(estimator), other_version, installed)
    return estimator, notes, other_version or installed


def _find_version(caught: list[warnings.WarningMessage]) -> str | None:
    """Return the version that scikit-learn warns of: another version fitted the estimator."""
    versions = (getattr(entry.message, "original_sklearn_version", None) for entry in caught)
    return next(filter(None, versions), None)


def _explain(exc: Exception, caught: list[warnings.WarningMessage]) -> str:
    """Return a sentence about a pickle that cannot be read."""
    if isinstance(exc, ValueError) and "node array from the pickle" in str(exc):
        return (
            "The pickle contains trees of scikit-learn 1.2 or older, which scikit-learn "
            f"{metadata.version('scikit-learn')} cannot read. Fit the model again."
        )
    if version := _find_version(caught):
        return (
            f"The pickle was written with scikit-learn {version}, and scikit-learn "
            f"{metadata.version('scikit-learn')} cannot read it. Fit the model again."
        )
    return "The file is not a pickle of an estimator."


def _load_pickle(data: bytes, trusted: Collection[str]) -> Any:
    return Unpickler(io.BytesIO(data), trusted).load()


def _is_joblib(data: bytes) -> bool:
    return b"NumpyArrayWrapper" in data or not data.startswith((b"\x80", b"c", b"("))


def _load_joblib(data: bytes, trusted: Collection[str]) -> Any:
    from joblib import numpy_pickle

    class Array(numpy_pickle.NumpyArrayWrapper):  # type: ignore[misc]  # joblib ships no types
        """An array in a joblib file. An array of objects is a pickle within the file."""

        def read_array(self, unpickler: Any, ensure_native_byte_order: bool) -> Any:  # noqa: FBT001 - joblib's signature
            """Return the array."""
            if not self.dtype.hasobject:
                return super().read_array(unpickler, ensure_native_byte_order)
            return Unpickler(unpickler.file_handle, trusted).load().reshape(self.shape)

    class JoblibUnpickler(numpy_pickle.NumpyUnpickler):  # type: ignore[misc]  # joblib ships no types
        """joblib's unpickler with the allow-list."""

        def find_class(self, module: str, name: str) -> Any:
            """Return the object with this name, if it is allowed."""
            if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
                return Array
            return Unpickler(io.BytesIO(), trusted).find_class(module, name)

        dispatch = numpy_pickle.NumpyUnpickler.dispatch.copy()

    inflated = numpy_pickle._validate_fileobject_and_memmap(io.BytesIO(data), "")  # noqa: SLF001 - no public function reads a file with another unpickler
    with inflated as (file, _):
        return JoblibUnpickler("", file, ensure_native_byte_order=True).load()
