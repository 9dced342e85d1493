"""Predictions for the rows of a table: pasted text or a CSV file."""

from typing import TYPE_CHECKING, Any, cast

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from predictor.api.row_form import OUTPUTS_FIELD
from predictor.api.table_page import TablePage
from predictor.api.versions import VersionPredict
from predictor.api.views import OUTPUTS, Predict, check_query, get_outputs
from predictor.core.errors import InvalidInput
from predictor.core.model import Model
from predictor.core.text_table import TextTable, flatten, read_table, write_csv

if TYPE_CHECKING:
    from django.http import QueryDict

# Fields of the form: a file, pasted text, and the button of the download.
FILE_FIELD, TEXT_FIELD, DOWNLOAD_FIELD = "file", "table", "_download"
FIELDS = (FILE_FIELD, TEXT_FIELD, OUTPUTS_FIELD, DOWNLOAD_FIELD)


@extend_schema(exclude=True)
class PredictTable(Predict):
    """Predictions for each row of a table, which is text with the names of the columns first."""

    name = "Table"
    page = TablePage
    parser_classes = (MultiPartParser, FormParser)
    text = ""  # for the page

    def post(self, request: Request, **_address: str) -> HttpResponse | Response:  # type: ignore[override]  # a file too
        """Return the predictions for the accepted rows, and the lines of the refused rows."""
        model = self.served = self.model()
        self.class_names = model.signature.class_names
        check_query(request, [OUTPUTS])
        self.text = get_table_text(request)
        check_fields(request)
        table = read_table(self.text, model.signature.columns)
        outputs = self.predict_rows(model, table, request)
        if DOWNLOAD_FIELD in request.data:
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
        """Return the requested outputs, as columns for the accepted rows."""
        methods = model.signature.select_outputs(get_outputs(request))
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
    if others := request.FILES.keys() & set(FIELDS) - {FILE_FIELD}:
        raise InvalidInput(f"{min(others)} is a file. Send its value as a text.")
    file, form = request.FILES.get(FILE_FIELD), cast("QueryDict", request.data)
    try:
        text = file.read().decode() if file else form.get(TEXT_FIELD)
    except UnicodeDecodeError as exc:
        sentence = "The file is not UTF-8 text. Save the table as CSV in UTF-8."
        raise InvalidInput(sentence) from exc
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput(
            f"There is no table. Paste rows with a header (field {TEXT_FIELD}), "
            f"or choose a CSV file (field {FILE_FIELD})."
        )
    return text


def check_fields(request: Request) -> None:
    """Check that the form has only the fields of a table.

    Raises
    ------
    InvalidInput
        A field is unknown, which is probably misspelt.
    """
    unknown = sorted(set(request.data) - {*FIELDS, "csrfmiddlewaretoken"})
    if unknown:
        sentence = f"Unknown field; a table takes {', '.join(FIELDS)}."
        raise InvalidInput(sentence, {name: [sentence] for name in unknown})
