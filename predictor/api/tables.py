"""Predictions for the rows of a table: pasted text or a CSV file."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from predictor.api.predict_page import get_form
from predictor.api.row_form import OUTPUTS_FIELD
from predictor.api.table_page import TablePage
from predictor.api.versions import VersionPredict
from predictor.api.views import Predict
from predictor.core.errors import InvalidInput
from predictor.core.model import Model
from predictor.core.text_table import TextTable, flatten, read_table, write_csv


@extend_schema(exclude=True)
class PredictTable(Predict):
    """Predictions for each row of a table, which is text with the names of the columns first."""

    name = "Table"
    page = TablePage
    parser_classes = (MultiPartParser, FormParser)

    def post(self, request: Request, **_address: str) -> HttpResponse | Response:  # type: ignore[override]  # a file too
        """Return the predictions for the accepted rows, and the lines of the refused rows."""
        model = self.served = self.model()
        self.class_names = model.signature.class_names
        text = get_table_text(request)
        table = read_table(text, model.signature.columns)
        outputs = self.predict_rows(model, table, request)
        if "_download" in request.data:
            name = f"{model.name}-{model.version}-predictions.csv"
            return HttpResponse(
                write_csv(table, outputs),
                content_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
        self.table, self.outputs = table, outputs
        return Response(
            {
                "columns": outputs,
                "n_rows": len(table.cells),
                "extra_columns": table.extra_names,
                "refused": [refused._asdict() for refused in table.refused],
            },
            headers={"X-Model": model.name, "X-Model-Version": str(model.version)},
        )

    def predict_rows(self, model: Model, table: TextTable, request: Request) -> dict[str, Any]:
        """Return the outputs that are chosen in the form, as columns for the accepted rows."""
        form = get_form(request)
        chosen = form.getlist(OUTPUTS_FIELD) if form else []
        methods = model.signature.select_outputs(",".join(chosen) if chosen else None)
        self.n_rows = len(table.rows)
        if not table.rows:
            return {}
        X = model.signature.build_input(list(zip(*table.rows, strict=True)))
        results = model.infer(X, methods)
        self.engine_name = results.engine_name
        return flatten(model.signature.encode_response(results, is_single=False))


class VersionPredictTable(PredictTable, VersionPredict):
    """Predictions of one version for each row of a table."""


def get_table_text(request: Request) -> str:
    """Return the text of the file, or else the pasted text.

    Raises
    ------
    InvalidInput
        The file is not UTF-8, there is no table, or another field is a file.
    """
    if others := request.FILES.keys() - {"file"}:
        raise InvalidInput(f"{min(others)} is a file. Send its value as a text.")
    file, form = request.FILES.get("file"), get_form(request)
    try:
        text = file.read().decode() if file else form and form.get("table")
    except UnicodeDecodeError as exc:
        sentence = "The file is not UTF-8 text. Save the table as CSV in UTF-8."
        raise InvalidInput(sentence) from exc
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput("There is no table. Paste rows with a header, or choose a CSV file.")
    return text
