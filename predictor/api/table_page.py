"""The page of predictions for the rows of a table."""

from typing import Any

from rest_framework import status
from rest_framework.request import Request

from predictor.api.predict_page import PredictPage, describe_form
from predictor.api.renderers import OneModelPage

# Numbers of accepted and of refused rows of a table on the page.
MAX_PREVIEW_ROWS = 20
MAX_LISTED_REFUSALS = 50
# Numbers of outputs and of columns of the table on the page.
MAX_PREVIEW_COLUMNS = 50
# Length of the text that stays in the form: a page has at most 150 KB.
MAX_REPEATED_LENGTH = 30_000


class TablePage(PredictPage):
    """The page with the predictions for the rows of a table."""

    template = "predictor/table.html"

    def get_name(self, view: Any) -> str:
        """Return the title."""
        return f"Predict a table with {view.model_name}"

    def get_context(self, data: Any, *args: Any) -> dict[str, Any]:
        """Return the context of the template. A long text is not repeated in the form."""
        context: dict[str, Any] = OneModelPage.get_context(self, data, *args)
        view, request = context["view"], context["request"]
        context["predict_url"] = request.path.rstrip("/").removesuffix("/table")
        if context.get("display_edit_forms") and self.has_model(view):
            context |= describe_form(view.model(), request)
            context |= {"has_form": True, "table_text": get_short_text(view.text)}
        if request.method == "POST" and context["response"].status_code == status.HTTP_200_OK:
            table = context["table"] = view.table
            names = context["output_names"] = list(view.outputs)[:MAX_PREVIEW_COLUMNS]
            context["header"] = table.header[:MAX_PREVIEW_COLUMNS]
            context["n_outputs"] = len(view.outputs)
            context["is_cut"] = max(len(view.outputs), len(table.header)) > MAX_PREVIEW_COLUMNS
            values = list(zip(*(view.outputs[name] for name in names), strict=True))
            accepted = zip(table.positions[:MAX_PREVIEW_ROWS], values, strict=False)
            context["preview"] = [
                (
                    table.lines[n],
                    table.cells[n][:MAX_PREVIEW_COLUMNS],
                    list(zip(names, row, strict=True)),
                )
                for n, row in accepted
            ]
            context["class_names"] = view.class_names
            cells = dict(zip(table.lines, table.cells, strict=True))
            context["refused"] = [
                (refused, ", ".join(cells[refused.line]))
                for refused in table.refused[:MAX_LISTED_REFUSALS]
            ]
        return context

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return no form for a table: the template has it."""
        if method == "POST":
            return None
        return super().get_rendered_html_form(data, view, method, request)

    def get_raw_data_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """Return no form for raw data: a table is not JSON."""
        del data, view, method, request
        return None


def get_short_text(text: str) -> str:
    """Return the text of the submitted table; empty if it is too long for the page."""
    return text if len(text) <= MAX_REPEATED_LENGTH else ""
