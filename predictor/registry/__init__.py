"""Registers, promotes, retires: the one writer of the registry's rows and of MODELS_DIR."""

from predictor.registry.compiling import compile_anew, compile_stale, switch
from predictor.registry.examining import register_file
from predictor.registry.history import previous_live
from predictor.registry.reading import (
    callable_version,
    check_live,
    check_name,
    find,
    form,
    live_forms,
    live_versions,
    load,
    needs_estimators,
    verify,
    version,
    without_live,
)
from predictor.registry.states import lowest, promote, reset, retire, rollback
from predictor.registry.sync import sync
from predictor.registry.training import train
from predictor.registry.writing import register

__all__ = [
    "callable_version",
    "check_live",
    "check_name",
    "compile_anew",
    "compile_stale",
    "find",
    "form",
    "live_forms",
    "live_versions",
    "load",
    "lowest",
    "needs_estimators",
    "previous_live",
    "promote",
    "register",
    "register_file",
    "reset",
    "retire",
    "rollback",
    "switch",
    "sync",
    "train",
    "verify",
    "version",
    "without_live",
]
