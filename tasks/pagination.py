"""Pages by key: each begins where the one before ended, whatever was written meanwhile."""

import re
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model
from django.template import loader
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from tasks.keyset import FIRST, LAST, Cursor, field_of, read


class KeyPagination(BasePagination):
    """Pages of a queryset ordered by one field: `id` breaks ties, empty values come last.

    A cursor belongs to the list that it was made for: its ordering and its filters.
    """

    template = "rest_framework/pagination/previous_and_next.html"
    page_size = 100
    max_page_size = 1000
    parameters = ("cursor", "page_size")

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return the rows of the page that was asked for."""
        del view
        self.request = request
        ordering = str(queryset.query.order_by[0])
        self.field = field_of(queryset, ordering)
        self.signer = self.make_signer(ordering)
        cursor, size = self.get_cursor(), self.get_page_size()
        rows = read(queryset, ordering, cursor, size + 1)
        more, rows = len(rows) > size, rows[:size]
        self.display_page_controls = True
        # What a cursor left behind is taken to be there still; if not, the link leads to an empty
        # page, and that one to the near end of the list.
        left = cursor.pk is not None
        if cursor.backwards:
            rows.reverse()
            self.previous = self.before(rows) if more else None
            self.next = self.after(rows) if left else None
        else:
            self.previous = self.before(rows) if left else None
            self.next = self.after(rows) if more else None
        return rows

    def before(self, rows: list[Model]) -> Cursor:
        """Return the cursor of the page before these rows."""
        return self.beside(rows[0], backwards=True) if rows else LAST

    def after(self, rows: list[Model]) -> Cursor:
        """Return the cursor of the page after these rows."""
        return self.beside(rows[-1], backwards=False) if rows else FIRST

    def beside(self, row: Model, *, backwards: bool) -> Cursor:
        """Return the cursor that begins at the row and leaves it out."""
        keyless = self.field.primary_key or self.field.value_from_object(row) is None
        return Cursor(backwards, None if keyless else self.field.value_to_string(row), row.pk)

    def make_signer(self, ordering: str) -> signing.Signer:
        """Return what signs the cursors of this list, and only of this list."""
        aside = {*self.parameters, "ordering", "format"}
        filters = {k: v for k, v in self.request.query_params.items() if v and k not in aside}
        return signing.Signer(salt=f"tasks.paging {ordering} {urlencode(sorted(filters.items()))}")

    def get_cursor(self) -> Cursor:
        """Return the cursor of the request."""
        token = self.request.query_params.get("cursor")
        if not token:
            return FIRST
        try:
            return Cursor(*self.signer.unsign_object(token))
        except signing.BadSignature as exc:
            sentence = "Not a cursor of this list; take it from `next` or `previous` as it is."
            raise ValidationError({"cursor": [sentence]}) from exc

    def get_page_size(self) -> int:
        """Return how many rows the page may have."""
        given = self.request.query_params.get("page_size") or str(self.page_size)
        size = int(given) if re.fullmatch("[0-9]{1,4}", given) else 0
        if not 1 <= size <= self.max_page_size:
            sentence = f"Must be an integer from 1 to {self.max_page_size}."
            raise ValidationError({"page_size": [sentence]})
        return size

    def link(self, cursor: Cursor | None) -> str | None:
        """Return the address of the page at the cursor."""
        url = self.request.build_absolute_uri()
        if cursor is None:
            return None
        if cursor == FIRST:
            return remove_query_param(url, "cursor")
        return replace_query_param(url, "cursor", self.signer.sign_object(cursor, compress=True))

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page, with the addresses of its neighbours."""
        return Response(
            {"next": self.link(self.next), "previous": self.link(self.previous), "results": data}
        )

    def to_html(self) -> str:
        """Return the page's links, for the browsable API."""
        urls = {"next_url": self.link(self.next), "previous_url": self.link(self.previous)}
        return loader.get_template(self.template).render(urls)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page, for OpenAPI."""
        address = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": address, "previous": address, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the parameters, for OpenAPI."""
        del view
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "Where the page begins, as in `next` and `previous`.",
            },
            {
                "name": "page_size",
                "in": "query",
                "schema": size | {"default": self.page_size},
                "description": "How many tasks a page may have.",
            },
        ]
