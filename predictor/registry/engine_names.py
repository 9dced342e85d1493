"""The engine that runs a version, for people."""

from predictor.models import ModelVersion
from predictor.registry.queries import compiled_sha256

ESTIMATOR_PROCESS = "estimator process"


def get_engine(version: ModelVersion) -> str:
    """Return the engine of the compiled estimator; without one, an estimator process."""
    engine: str = version.engines["engine"] if compiled_sha256(version) else ESTIMATOR_PROCESS
    return engine


def describe_engine(version: ModelVersion) -> str:
    """Return the engine, and why it is an estimator process."""
    engine = get_engine(version)
    if engine != ESTIMATOR_PROCESS:
        return engine
    reason = version.engines.get("reason", "The version was never compiled.")
    if version.compiled:
        reason = f"The compiled estimator ({version.engines['engine']}) is switched off."
    return f"{engine}. {reason}".strip()
