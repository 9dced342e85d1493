"""Keyset pagination: concurrent writes never repeat or skip rows."""

import re
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model
from django.template import loader
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from tasks.keyset import FIRST, LAST, Cursor, field_of, read
from tasks.links import absolute_url


class KeysetPagination(BasePagination):
    """Pages of a queryset ordered by one field; `id` breaks ties, empty values come last.

    A cursor is valid only for the ordering and the filters that it was created with.
    """

    template = "rest_framework/pagination/previous_and_next.html"
    page_size = 100
    max_page_size = 1000
    parameters = ("cursor", "page_size")

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return the rows of the requested page."""
        del view
        self.request = request
        ordering = str(queryset.query.order_by[0])
        self.field = field_of(queryset, ordering)
        self.signer = self.make_signer(ordering)
        cursor, size = self.get_cursor(), self.get_page_size()
        rows = read(queryset, ordering, cursor, size + 1)
        more, rows = len(rows) > size, rows[:size]
        self.display_page_controls = True
        # Assume that the rows on the other side of the cursor still exist. If not, the link leads
        # to an empty page, and from there to the nearer end of the list.
        has_opposite = cursor.pk is not None
        if cursor.backwards:
            rows.reverse()
            self.previous = self.before(rows) if more else None
            self.next = self.after(rows) if has_opposite else None
        else:
            self.previous = self.before(rows) if has_opposite else None
            self.next = self.after(rows) if more else None
        return rows

    def before(self, rows: list[Model]) -> Cursor:
        """Return the cursor of the page before these rows."""
        return self.beside(rows[0], backwards=True) if rows else LAST

    def after(self, rows: list[Model]) -> Cursor:
        """Return the cursor of the page after these rows."""
        return self.beside(rows[-1], backwards=False) if rows else FIRST

    def beside(self, row: Model, *, backwards: bool) -> Cursor:
        """Return the cursor next to the row; the page excludes the row itself."""
        has_no_value = self.field.primary_key or self.field.value_from_object(row) is None
        return Cursor(backwards, None if has_no_value else self.field.value_to_string(row), row.pk)

    def make_signer(self, ordering: str) -> signing.Signer:
        """Return the signer of cursors for this ordering and these filters."""
        ignored = {*self.parameters, "ordering", "format"}
        filters = {k: v for k, v in self.request.query_params.items() if v and k not in ignored}
        return signing.Signer(salt=f"tasks.paging {ordering} {urlencode(sorted(filters.items()))}")

    def get_cursor(self) -> Cursor:
        """Return the cursor of the request."""
        token = self.request.query_params.get("cursor")
        if not token:
            return FIRST
        try:
            return Cursor(*self.signer.unsign_object(token))
        except signing.BadSignature as exc:
            sentence = (
                "This is not a cursor of this list; copy it unchanged from `next` or `previous`."
            )
            raise ValidationError({"cursor": [sentence]}) from exc

    def get_page_size(self) -> int:
        """Return the maximum number of rows on the page; in a browser, at most 100."""
        text = self.request.query_params.get("page_size") or str(self.page_size)
        size = int(text) if re.fullmatch("[0-9]{1,4}", text) else 0
        if not 1 <= size <= self.max_page_size:
            sentence = f"Must be an integer from 1 to {self.max_page_size}."
            raise ValidationError({"page_size": [sentence]})
        is_html = isinstance(self.request.accepted_renderer, BrowsableAPIRenderer)
        return min(size, self.page_size) if is_html else size

    def link(self, cursor: Cursor | None) -> str | None:
        """Return the URL of the page at the cursor."""
        url = absolute_url(self.request, self.request.get_full_path())
        if cursor is None:
            return None
        if cursor == FIRST:
            return remove_query_param(url, "cursor")
        return replace_query_param(url, "cursor", self.signer.sign_object(cursor, compress=True))

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with the URLs of its neighbours."""
        return Response(
            {"next": self.link(self.next), "previous": self.link(self.previous), "results": data}
        )

    def to_html(self) -> str:
        """Return the page's links for the browsable API."""
        urls = {"next_url": self.link(self.next), "previous_url": self.link(self.previous)}
        return loader.get_template(self.template).render(urls)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the OpenAPI schema of a page."""
        address = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": address, "previous": address, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Return the OpenAPI descriptions of the parameters."""
        del view
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "Start of the page, taken from `next` or `previous`.",
            },
            {
                "name": "page_size",
                "in": "query",
                "schema": size | {"default": self.page_size},
                "description": "Maximum number of tasks on the page.",
            },
        ]
