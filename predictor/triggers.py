"""Database triggers for invariants that constraints cannot express.

The audit log is append-only, and a registered artifact never changes. The triggers are dropped
before a migration and created again afterwards, because SQLite alters a table by replacing it:
some triggers would be lost, and others would forbid it.
"""

from typing import Any

from django.db import connections
from django.db.migrations import Migration

EVENT = "predictor_event"
VERSION = "predictor_modelversion"
# Columns of a version that never change. The card beside the artifact repeats them.
IMMUTABLE_COLUMNS = (
    "version",
    "artifact",
    "format",
    "estimator",
    "parts",
    "sha256",
    "size",
    "signature",
    "metrics",
    "evaluation",
    "fitted_with",
    "any_version",
    "source",
)

OF_ANOTHER_MODEL = (
    f"EXISTS (SELECT 1 FROM {VERSION} v WHERE v.model_id <> NEW.model_id "  # noqa: S608 - no input
    "AND v.id IN (NEW.from_version_id, NEW.to_version_id))"
)

# name: (statement and table, condition, error message)
TRIGGERS = {
    "event_unchanged": (f"UPDATE ON {EVENT}", "", "The audit log is append-only."),
    "event_undeleted": (f"DELETE ON {EVENT}", "", "The audit log is append-only."),
    "event_of_one_model": (
        f"INSERT ON {EVENT}",
        OF_ANOTHER_MODEL,
        "The versions of an event must belong to its model.",
    ),
    "version_undeleted": (f"DELETE ON {VERSION}", "", "A version cannot be deleted."),
    "version_unchanged": (
        f"UPDATE OF model_id, created_at, upload_key, {', '.join(IMMUTABLE_COLUMNS)} ON {VERSION}",
        "",
        "A registered version cannot be changed.",
    ),
    "version_retired_for_good": (
        f"UPDATE OF state ON {VERSION}",
        "OLD.state = 'retired' AND NEW.state <> 'retired'",
        "A retired version cannot be used again.",
    ),
    "version_purged_for_good": (
        f"UPDATE OF purged_at ON {VERSION}",
        "OLD.purged_at IS NOT NULL",
        "A purged version cannot be changed.",
    ),
    "version_retired_while_live": (
        f"UPDATE OF state ON {VERSION}",
        "OLD.state = 'live' AND NEW.state = 'retired'",
        "The live version cannot be retired.",
    ),
}


def install(using: str, **_signal: Any) -> None:
    """Create the triggers; called after migrations."""
    connection = connections[using]
    create = {"sqlite": _sqlite, "postgresql": _postgresql}.get(connection.vendor)
    if create is None or EVENT not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for name, (event, condition, message) in TRIGGERS.items():
            for statement in create(f"predictor_{name}", event, condition, message):
                cursor.execute(statement)


def drop(using: str, plan: list[tuple[Migration, bool]], **_signal: Any) -> None:
    """Drop the triggers if a migration of this app is about to run."""
    connection = connections[using]
    is_affected = any(migration.app_label == "predictor" for migration, _ in plan)
    if not is_affected or EVENT not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for name, (event, *_) in TRIGGERS.items():
            table = f" ON {event.rpartition(' ')[2]}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS predictor_{name}{table}")


def _sqlite(name: str, event: str, condition: str, message: str) -> list[str]:
    when = f"WHEN {condition}" if condition else ""
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {event} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END",
    ]


def _postgresql(name: str, event: str, condition: str, message: str) -> list[str]:
    check = f"IF NOT ({condition}) THEN RETURN NEW; END IF;" if condition else ""
    table = event.rpartition(" ")[2]
    body = f"{check} RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
    function = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
    return [
        f"{function} AS $$ BEGIN {body} END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
