"""Registers, promotes, retires: the one writer of the registry's rows and of MODELS_DIR."""

from predictor.registry.audit_log import previous_live
from predictor.registry.lifecycle import lowest, promote, reset, retire, rollback
from predictor.registry.queries import (
    callable_version,
    check_live,
    check_name,
    compiled_sha256,
    find,
    live_compiled,
    live_versions,
    load,
    needs_estimators,
    verify,
    version,
    version_states,
    without_live,
)
from predictor.registry.recompile import compile_anew, compile_stale, switch
from predictor.registry.registration import register, register_file
from predictor.registry.sync import sync
from predictor.registry.training import train

__all__ = [
    "callable_version",
    "check_live",
    "check_name",
    "compile_anew",
    "compile_stale",
    "compiled_sha256",
    "find",
    "live_compiled",
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
    "version_states",
    "without_live",
]
