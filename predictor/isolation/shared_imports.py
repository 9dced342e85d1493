"""Imports before processes are forked and confined: confined processes share the modules."""

import traceback
from collections.abc import Sequence
from importlib import import_module

from predictor.core.sklearn_private import find_thread_pools


def import_modules(
    modules: Sequence[str], trusted: Sequence[str], packages: Sequence[str] = ()
) -> None:
    """Import modules, those of the operator's types, and the packages of a version.

    A confined process cannot read the files of the operator's modules.

    Parameters
    ----------
    modules : sequence of str
    trusted : sequence of str
        Types and functions of the operator.
    packages : sequence of str
        Packages of gradient boosting that fitted the version.
    """
    for name in modules:
        import_module(name)
    find_thread_pools()
    for name in (*packages, *(each.rpartition(".")[0] for each in trusted)):
        try:
            import_module(name)
        except Exception:  # noqa: BLE001 - only a file that contains the name is rejected
            traceback.print_exc()
