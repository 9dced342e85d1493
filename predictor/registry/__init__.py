"""The registry of models: the only writer of its tables and of MODELS_DIR."""

from predictor.registry.audit_log import is_unpublished, previous_live
from predictor.registry.engine_names import describe_engine, get_engine
from predictor.registry.lifecycle import (
    lowest_version,
    promote,
    purge,
    reset,
    retire,
    rollback,
    unpublish,
)
from predictor.registry.loading import load
from predictor.registry.promotion import compare_with_live, find_facts
from predictor.registry.queries import (
    callable_version,
    check_live,
    check_name,
    compiled_sha256,
    find,
    list_output_names,
    live_compiled,
    live_versions,
    models_without_live_version,
    search,
    verify,
    version,
    version_states,
)
from predictor.registry.recompile import compile_stale, recompile_version, set_use_compiled
from predictor.registry.registration import register_file
from predictor.registry.sync import sync
from predictor.registry.training import train

__all__ = [
    "callable_version",
    "check_live",
    "check_name",
    "compare_with_live",
    "compile_stale",
    "compiled_sha256",
    "describe_engine",
    "find",
    "find_facts",
    "get_engine",
    "is_unpublished",
    "list_output_names",
    "live_compiled",
    "live_versions",
    "load",
    "lowest_version",
    "models_without_live_version",
    "previous_live",
    "promote",
    "purge",
    "recompile_version",
    "register_file",
    "reset",
    "retire",
    "rollback",
    "search",
    "set_use_compiled",
    "sync",
    "train",
    "unpublish",
    "verify",
    "version",
    "version_states",
]
