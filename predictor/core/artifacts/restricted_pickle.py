"""Reader of pickle and joblib files that resolves only the names on an allow-list.

Unpickling calls the functions that the file names. The allow-list contains the types that a skops
file may contain, and the functions with which NumPy, SciPy and scikit-learn restore them. Any other
name becomes a placeholder, which only a parameter may contain that served methods do not read.
"""

import io
import pickle
import re
import warnings
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from predictor.core.artifacts import placeholder, sklearn_0_17, sklearn_upgrade
from predictor.core.artifacts.placeholder import make_placeholder
from predictor.core.artifacts.skops import trusted_types
from predictor.core.artifacts.software_versions import add_note, check_version, get_version
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
        "collections": "OrderedDict UserList defaultdict",
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


# Version of scikit-learn in the state of an estimator.
VERSION = re.compile(rb"_sklearn_version.{1,12}?(\d+\.\d+(?:\.\w+)*)", re.DOTALL)


class Unpickler(pickle.Unpickler):
    """Unpickler that resolves only allowed names.

    Parameters
    ----------
    file : file object
    trusted : collection of str
        Types and functions that the operator adds to the allow-list.
    rejected : list of str
        Receives the names that are not allowed.
    """

    def __init__(self, file: Any, trusted: Collection[str], rejected: list[str]) -> None:
        # Pickles of Python 2 contain arrays as text with this encoding.
        super().__init__(file, encoding="latin1")
        self.trusted, self.rejected = trusted, rejected

    def find_class(self, module: str, name: str) -> Any:
        """Return the object with this name; a placeholder if the name is not allowed.

        Raises
        ------
        ArtifactError
            The name is a path of attributes.
        """
        if (module, name) == (sklearn_upgrade.COLUMNS_MODULE, sklearn_upgrade.COLUMNS_TYPE):
            module, name = "collections", "UserList"
        module = RENAMED_MODULES.get(module, module)
        full_name = f"{module}.{name}"
        if "." in name:  # a path of attributes, which may leave its module
            raise ArtifactError(f"The pickle contains {full_name}, which is not allowed.")
        if full_name not in self.trusted and not _is_allowed(full_name):
            self.rejected.append(full_name)
            return make_placeholder(full_name)
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


class PickledModel(NamedTuple):
    """Contents of a pickle or joblib file.

    Parameters
    ----------
    estimator : estimator
        The estimator, upgraded to the installed scikit-learn.
    notes : list of str
        One sentence for each change of the upgrade.
    version : str
        The scikit-learn version that fitted the estimator.
    left_out : set of str
        Parameters that only fitting uses, and whose values are not allowed.
    """

    estimator: Any
    notes: list[str]
    version: str
    left_out: set[str]


def load(data: bytes, trusted: Iterable[str] = ()) -> PickledModel:
    """Return the contents of a pickle or joblib file.

    Parameters
    ----------
    data : bytes
    trusted : iterable of str
        Types and functions that the operator adds to the allow-list.

    Raises
    ------
    ArtifactError
        The file is damaged; it contains a name that is not allowed; it contains no estimator.
    """
    if not data:
        raise ArtifactError("The file is empty.")
    rejected: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            load_file = _load_joblib if _is_joblib(data) else _load_pickle
            estimator = load_file(data, set(trusted), rejected)
        except ArtifactError:
            raise
        except Exception as exc:
            if rejected:
                raise placeholder.reject(rejected) from exc
            raise ArtifactError(
                _explain(exc, _find_version(caught) or _read_version(data))
            ) from exc
    other_version = _find_version(caught)
    with add_note(check_version(other_version, allowed=True) if other_version else ""):
        left_out = placeholder.leave_out(estimator, rejected)
    estimator, notes = sklearn_0_17.upgrade(estimator)
    installed = get_version("scikit-learn")
    if other_version:
        sklearn_upgrade.upgrade(estimator, other_version, installed)
    return PickledModel(estimator, notes, other_version or installed, left_out)


def _find_version(caught: list[warnings.WarningMessage]) -> str | None:
    """Return the version that scikit-learn warns of: another version fitted the estimator."""
    versions = (getattr(entry.message, "original_sklearn_version", None) for entry in caught)
    return next(filter(None, versions), None)


def _read_version(data: bytes) -> str | None:
    """Return the version in the state of the first estimator of a pickle that is not compressed."""
    stated = VERSION.search(data)
    return stated[1].decode() if stated else None


def _explain(exc: Exception, version: str | None) -> str:
    """Return a sentence about a pickle that cannot be read."""
    installed = get_version("scikit-learn")
    if isinstance(exc, ValueError) and "node array from the pickle" in str(exc):
        return (
            f"The pickle contains trees of scikit-learn {version or '1.2 or older'}, which "
            f"scikit-learn {installed} cannot read. Fit the model again."
        )
    if version and version != installed:
        return (
            f"The pickle was written with scikit-learn {version}, and scikit-learn {installed} "
            "cannot read it. Fit the model again."
        )
    return "The file is not a pickle of an estimator."


def _load_pickle(data: bytes, trusted: Collection[str], rejected: list[str]) -> Any:
    return Unpickler(io.BytesIO(data), trusted, rejected).load()


def _is_joblib(data: bytes) -> bool:
    return b"NumpyArrayWrapper" in data or not data.startswith((b"\x80", b"c", b"("))


def _load_joblib(data: bytes, trusted: Collection[str], rejected: list[str]) -> Any:
    from joblib import numpy_pickle

    class Array(numpy_pickle.NumpyArrayWrapper):  # type: ignore[misc]  # joblib ships no types
        """An array in a joblib file. An array of objects is a pickle within the file."""

        def read_array(self, unpickler: Any, ensure_native_byte_order: bool) -> Any:  # noqa: FBT001 - joblib's signature
            """Return the array."""
            if not self.dtype.hasobject:
                return super().read_array(unpickler, ensure_native_byte_order)
            file = unpickler.file_handle
            return Unpickler(file, trusted, rejected).load().reshape(self.shape)

    allow_list = Unpickler(io.BytesIO(), trusted, rejected)

    class JoblibUnpickler(numpy_pickle.NumpyUnpickler):  # type: ignore[misc]  # joblib ships no types
        """joblib's unpickler with the allow-list."""

        def find_class(self, module: str, name: str) -> Any:
            """Return the object with this name; a placeholder if the name is not allowed."""
            if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
                return Array
            return allow_list.find_class(module, name)

        dispatch = numpy_pickle.NumpyUnpickler.dispatch.copy()

    inflated = numpy_pickle._validate_fileobject_and_memmap(io.BytesIO(data), "")  # noqa: SLF001 - no public function reads a file with another unpickler
    with inflated as (file, _):
        return JoblibUnpickler("", file, ensure_native_byte_order=True).load()
