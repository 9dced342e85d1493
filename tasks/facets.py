"""Choices of the list with their counts, and orderings by column."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import QueryDict

from tasks.filters import TaskFilter
from tasks.models import Priority, Task
from tasks.pagination import KeysetPagination

# Counting stops here, so that the page is as fast with a million tasks as with a thousand.
MAX_COUNT = 1000

# The filters of the choices. An index has each combination of them.
COUNTED = ("done", "overdue", "priority")
STATES: dict[str, dict[str, str]] = {
    "All": {},
    "Open": {"done": "false"},
    "Done": {"done": "true"},
    "Overdue": {"overdue": "true", "ordering": "due_at"},
}
PRIORITIES: dict[str, dict[str, str]] = {
    "Any priority": {},
    **{str(each.label): {"priority": str(each.value)} for each in reversed(Priority)},
}
# The first ordering of a column, and its opposite.
COLUMNS = {
    "Title": ("title", "-title"),
    "Priority": ("-priority", "priority"),
    "Due": ("due_at", "-due_at"),
}


class Choice(NamedTuple):
    """A filter as a link."""

    label: str
    query: str
    is_current: bool
    number: str  # of the tasks that match, or "" if they were not counted


class ColumnHeader(NamedTuple):
    """The header of a column: a link to its ordering, and the current direction."""

    label: str
    query: str
    direction: str  # ascending, descending, or "" if another column orders the list


def count_up_to_limit(queryset: QuerySet[Any]) -> int:
    """Return the number of rows; MAX_COUNT + 1 if there are more than MAX_COUNT."""
    return queryset.order_by()[: MAX_COUNT + 1].count()


def as_text(count: int) -> str:
    """Return a count as text."""
    return f"{count:,}" if count <= MAX_COUNT else f"{MAX_COUNT:,}+"


class Facets:
    """The choices of the list for the filters of a request.

    Parameters
    ----------
    params : QueryDict
        The query of the request.
    tasks : sequence of Task, optional
        All tasks that match it, if they are known.
    """

    def __init__(self, params: QueryDict, tasks: Sequence[Task] | None = None) -> None:
        self.params = params.copy()
        for name in (*KeysetPagination.parameters, "format"):
            self.params.pop(name, None)
        others = {
            name: str(value)
            for name, value in self.params.items()
            if name not in (*COUNTED, "ordering")
        }
        self.rows = TaskFilter(others, Task.objects.all()).qs.order_by()
        self.has_numbers = True
        if any(text.strip() for text in others.values()):
            # No index has these filters together with the choices: each count could scan the table.
            if tasks is None or any(self.params.get(name) for name in COUNTED):
                keys = list(self.rows.values_list("pk", flat=True)[: MAX_COUNT + 1])
            else:
                keys = [task.pk for task in tasks]
            self.has_numbers = len(keys) <= MAX_COUNT
            if self.has_numbers:
                self.rows = Task.objects.filter(pk__in=keys).order_by()

    def states(self) -> list[Choice]:
        """Return the choices by state."""
        return list(self._choices(STATES, ("done", "overdue")))

    def priorities(self) -> list[Choice]:
        """Return the choices by priority."""
        return list(self._choices(PRIORITIES, ("priority",)))

    def total(self) -> int:
        """Return the number of tasks that match, up to the limit."""
        return self._count(self.params)

    def headers(self) -> list[ColumnHeader]:
        """Return the headers of the columns."""
        current = self.params.get("ordering", "")
        headers = []
        for label, (first, opposite) in COLUMNS.items():
            query = self._query({"ordering": opposite if current == first else first})
            is_current = current.lstrip("-") == first.lstrip("-")
            direction = "descending" if current.startswith("-") else "ascending"
            headers.append(ColumnHeader(label, query, direction if is_current else ""))
        return headers

    def _choices(
        self, choices: dict[str, dict[str, str]], names: tuple[str, ...]
    ) -> Iterator[Choice]:
        current = {name: self.params[name] for name in names if self.params.get(name)}
        for label, values in choices.items():
            filters = {name: value for name, value in values.items() if name in names}
            params = self._changed(dict.fromkeys(names, "") | filters)
            number = as_text(self._count(params)) if self.has_numbers else ""
            query = self._query(dict.fromkeys(names, "") | values)
            yield Choice(label, query, filters == current, number)

    def _changed(self, values: dict[str, str]) -> QueryDict:
        params = self.params.copy()
        for name, value in values.items():
            params[name] = value
        for name in [name for name in params if not params[name]]:
            del params[name]
        return params

    def _query(self, values: dict[str, str]) -> str:
        return f"?{self._changed(values).urlencode()}"

    def _count(self, params: QueryDict) -> int:
        filters = {name: params[name] for name in COUNTED if name in params}
        return count_up_to_limit(TaskFilter(filters, self.rows).qs)
