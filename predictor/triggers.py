"""What constraints cannot say, held by the database itself: the record and the artifacts stay.

The triggers are dropped before the tables are altered, and made anew afterwards: SQLite alters a
table by making another in its place, which some of them would not survive and others would forbid.
"""

from typing import Any

from django.db import connections
from django.db.migrations import Migration

EVENT = "predictor_event"
VERSION = "predictor_modelversion"
FACTS = (
    "model_id",
    "version",
    "artifact",
    "format",
    "sha256",
    "size",
    "signature",
    "metrics",
    "fitted_with",
    "any_version",
    "source",
    "created_at",
)

ELSEWHERE = (
    f"EXISTS (SELECT 1 FROM {VERSION} v WHERE v.model_id <> NEW.model_id "  # noqa: S608 - no input
    "AND v.id IN (NEW.from_version_id, NEW.to_version_id))"
)

# name: (when, on which table, under which condition, the sentence)
TRIGGERS = {
    "event_unchanged": (f"UPDATE ON {EVENT}", "", "The record is only ever added to."),
    "event_undeleted": (f"DELETE ON {EVENT}", "", "The record is only ever added to."),
    "event_of_one_model": (
        f"INSERT ON {EVENT}",
        ELSEWHERE,
        "An event is about versions of its own model.",
    ),
    "version_undeleted": (f"DELETE ON {VERSION}", "", "A version is never deleted."),
    "version_unchanged": (
        f"UPDATE OF {', '.join(FACTS)} ON {VERSION}",
        "",
        "Only the state of a version changes.",
    ),
    "version_retired_for_good": (
        f"UPDATE OF state ON {VERSION}",
        "OLD.state = 'retired' AND NEW.state <> 'retired'",
        "A retired version stays retired.",
    ),
    "version_retired_while_live": (
        f"UPDATE OF state ON {VERSION}",
        "OLD.state = 'live' AND NEW.state = 'retired'",
        "The live version cannot be retired.",
    ),
}


def install(using: str, **_signal: Any) -> None:
    """Make the triggers; called after migrations."""
    connection = connections[using]
    make = {"sqlite": _sqlite, "postgresql": _postgresql}.get(connection.vendor)
    present = connection.introspection.table_names()
    if make is None or EVENT not in present:
        return
    with connection.cursor() as cursor:
        for name, (event, condition, sentence) in TRIGGERS.items():
            for statement in make(f"predictor_{name}", event, condition, sentence):
                cursor.execute(statement)


def drop(using: str, plan: list[tuple[Migration, bool]], **_signal: Any) -> None:
    """Drop the triggers if tables of theirs are about to be altered."""
    connection = connections[using]
    ours = any(migration.app_label == "predictor" for migration, _ in plan)
    if not ours or EVENT not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for name, (event, *_) in TRIGGERS.items():
            table = f" ON {event.rpartition(' ')[2]}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS predictor_{name}{table}")


def _sqlite(name: str, event: str, condition: str, sentence: str) -> list[str]:
    when = f"WHEN {condition}" if condition else ""
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {event} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END",
    ]


def _postgresql(name: str, event: str, condition: str, sentence: str) -> list[str]:
    check = f"IF NOT ({condition}) THEN RETURN NEW; END IF;" if condition else ""
    table = event.rpartition(" ")[2]
    body = f"{check} RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation';"
    function = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
    return [
        f"{function} AS $$ BEGIN {body} END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
