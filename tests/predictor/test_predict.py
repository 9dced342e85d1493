"""POST /predict: one row, many rows, and every row that is refused."""

import functools

import numpy as np
import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from numpy.testing import assert_allclose as equal
from rest_framework.parsers import MultiPartParser

from predictor.api.views import Predict
from predictor.core import codec
from predictor.core.errors import PredictorError
from predictor.exceptions import STATUSES
from predictor.runtime.store import get_store

pytestmark = pytest.mark.usefixtures("iris")

ROW = {"X1": 5.9, "X2": 3.0}


@pytest.mark.parametrize("url", ["/predict", "/predict/", "/models/iris/predict"])
def test_the_seeds_request_has_the_seeds_answer(api, url):
    response = api.post(url, {"X1": "61.1", "X2": "17.3"})
    assert response.status_code == 200
    assert response.json() == {"prediction": 2}
    assert response["X-Model"] == "iris"
    assert response["X-Model-Version"] == "1"


def test_many_rows_are_answered_in_order_as_the_estimator_does(api, iris, fitted):
    rows = [{"X1": x1, "X2": x2} for x1, x2 in fitted.X.tolist()]
    response = api.post("/predict", rows)
    assert response.json() == {"predictions": iris.predict(fitted.X).tolist()}


def test_no_rows_have_no_predictions(api):
    assert api.post("/predict", []).json() == {"predictions": []}


def test_every_output_is_the_estimators_own(api, iris, fitted):
    assert_the_estimators_own(api, iris, fitted, functools.partial(equal, rtol=1e-9, atol=1e-12))


def test_every_output_is_the_estimators_own_to_the_bit_where_it_runs_itself(
    api, iris, fitted, settings
):
    settings.ENGINES = "scikit-learn"
    get_store().refresh()
    assert_the_estimators_own(api, iris, fitted, np.testing.assert_array_equal)


def assert_the_estimators_own(api, iris, fitted, same):
    rows = [{"X1": x1, "X2": x2} for x1, x2 in fitted.X.tolist()]
    url = "/predict?outputs=predict,predict_proba,decision_function"
    answer = orjson.loads(api.post(url, rows).content)
    assert list(answer) == ["predictions", "probabilities", "decisions"]
    assert answer["predictions"] == iris.predict(fitted.X).tolist()
    probabilities = [[row["0"], row["1"], row["2"]] for row in answer["probabilities"]]
    same(probabilities, iris.predict_proba(fitted.X))
    same(answer["decisions"], iris.decision_function(fitted.X))


def test_a_single_row_has_its_outputs_without_a_list(api, iris):
    X = np.array([[5.9, 3.0]])
    answer = orjson.loads(api.post("/predict?outputs=predict_proba", ROW).content)
    probabilities = dict(zip("012", iris.predict_proba(X)[0].tolist(), strict=True))
    assert answer == {"probabilities": pytest.approx(probabilities, rel=1e-9, abs=1e-12)}


def test_an_unknown_output_is_named(api):
    response = api.post("/predict?outputs=predict,transform", ROW)
    sentence = "The outputs are predict, predict_proba, decision_function; got transform."
    assert response.status_code == 400
    assert response.json() == {"outputs": [sentence]}


NOT_FINITE = ["Expected a number; got a string that is not a finite number."]
MISSING = ["This column is missing."]
EXPECTED = "Expected an object, which is one row, or a list of objects"
EXAMPLE = 'Example of one row: {"X1": 5.1, "X2": 3.5}, of many rows: [{"X1": 5.1, "X2": 3.5}, ...].'
PANDAS = (
    "With pandas, use json.dumps(df.astype(object).where(df.notna(), None)"
    '.to_dict("records"), default=str).'
)
CSV_HINT = "Send a CSV file in the field `file` of a form to the URL that ends with /predict/table."
HEADER = "Send JSON with the header 'Content-Type: application/json'."
ROUNDED = ["Expected a number; got an integer that float64 cannot represent exactly."]
REFUSED = {
    '{"X2": 1}': {"X1": MISSING},
    '{"X1": 1}': {"X2": MISSING},
    "{}": {"X1": MISSING, "X2": MISSING},
    '{"X1": 1, "X2": 2, "X3": 3}': {"X3": ["No such column; the columns are X1, X2."]},
    '{"X1": "abc", "X2": 2}': {"X1": NOT_FINITE},
    '{"X1": "", "X2": 2}': {"X1": NOT_FINITE},
    '{"X1": 1, "X2": "nan"}': {"X2": NOT_FINITE},
    '{"X1": "-inf", "X2": 2}': {"X1": NOT_FINITE},
    '{"X1": "1e999", "X2": 2}': {"X1": NOT_FINITE},
    '{"X1": "1_000", "X2": 2}': {"X1": NOT_FINITE},
    '{"X1": "\\u0661", "X2": 2}': {"X1": NOT_FINITE},
    '{"X1": true, "X2": 2}': {"X1": ["Expected a number; got true or false."]},
    '{"X1": null, "X2": 2}': {"X1": ["Expected a number; got null."]},
    '{"X1": [[1]], "X2": 2}': {"X1": ["Expected a number; got a list."]},
    '{"X1": {}, "X2": 2}': {"X1": ["Expected a number; got an object."]},
    '{"X1": 1e999, "X2": 2}': {"X1": ["Expected a number; got a number too large for 64 bits."]},
    '{"X1": 18446744073709551616, "X2": 2}': {
        "X1": ["Expected a number; got an integer beyond 64 bits."]
    },
    '{"X1": "-9223372036854775809", "X2": 2}': {
        "X1": ["Expected a number; got an integer beyond 64 bits."]
    },
    '{"X1": 9007199254740993, "X2": "-9007199254740993"}': {"X1": ROUNDED, "X2": ROUNDED},
    '[{"X1": 1, "X2": 2}, {"X1": 1, "X2": 18446744073709551615}]': {
        "X2": [f"Row at index 1: {ROUNDED[0]}"]
    },
    '[{"X1": 1, "X2": 2}, {"X1": "abc"}]': {
        "X1": [f"Row at index 1: {NOT_FINITE[0]}"],
        "X2": [f"Row at index 1: {MISSING[0]}"],
    },
    '[{"X1": 1, "X2": 2}, [1, 2]]': {
        "detail": f"Expected a list of objects; the row at index 1 is a list. {EXAMPLE} {PANDAS}"
    },
    "[[1, 2]]": {
        "detail": f"Expected a list of objects; the row at index 0 is a list. {EXAMPLE} {PANDAS}"
    },
    '{"columns": ["X1", "X2"], "index": [0], "data": [[1, 2]]}': {
        "detail": f'{EXPECTED}; got an object with the rows or columns under "columns", "index", '
        f'"data". {EXAMPLE} {PANDAS}'
    },
    '{"X1": {"0": 1, "1": 2}, "X2": {"0": 3, "1": 4}}': {
        "detail": f"{EXPECTED}; got an object of columns, each with the values of all rows. "
        f"{EXAMPLE} {PANDAS}"
    },
    '{"X1": [1, 2], "X2": [3, 4]}': {
        "detail": f"{EXPECTED}; got an object of columns, each with the values of all rows. "
        f"{EXAMPLE} {PANDAS}"
    },
    '{"0": {"X1": 1, "X2": 2}}': {
        "detail": f"{EXPECTED}; got an object of rows. {EXAMPLE} {PANDAS}"
    },
    '{"X1": 1, "X2": 2, "x2": 3}': {
        "x2": ["No such column; the columns are X1, X2. Did you mean X2?"]
    },
    "5": {"detail": f"{EXPECTED}; got a string or a number. {EXAMPLE}"},
    '{"X1": ' + "[" * 1010 + "]" * 1010 + "}": {"detail": "The body is nested too deeply."},
    "null": {"detail": f"{EXPECTED}; got null. {EXAMPLE}"},
}


@pytest.mark.parametrize(("body", "answer"), REFUSED.items())
def test_a_rejected_row_names_the_column_and_the_reason(api, body, answer):
    response = api.post("/predict", body, content_type="application/json")
    assert (response.status_code, response.json()) == (400, answer)


@pytest.mark.parametrize("body", ["not json", '{"X1": NaN}', '{"X1": 1', "\udc00", "[" * 5000])
def test_a_body_that_is_not_json_is_rejected(api, body):
    data = body.encode(errors="surrogatepass")
    response = api.post("/predict", data, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("The body is not JSON: ")


NO_JSON = {
    b"": "The body is empty.",
    b" \n": "The body is empty.",
    b'{"X1": NaN, "X2": 1}': "The body is not JSON: JSON has no NaN. "
    "Send null for a missing value.",
    b'[{"X1": -Infinity}]': "The body is not JSON: JSON has no -Infinity. "
    "Send null for a missing value.",
    b"\x1f\x8b\x08\x00": "The body is compressed. Send it without compression.",
    b'\xef\xbb\xbf{"X1": 1}': "The body is not JSON: it starts with a byte order mark. "
    "Send UTF-8 without the mark.",
}


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=latin-1"])
@pytest.mark.parametrize(("body", "sentence"), NO_JSON.items())
def test_a_body_that_is_not_json_gets_the_cause_and_an_example(api, body, sentence, content_type):
    response = api.post("/predict", body, content_type=content_type)
    assert (response.status_code, response.json()) == (400, {"detail": f"{sentence} {EXAMPLE}"})


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("{'X1': 1, 'X2': 2}", "Names and strings need double quotes."),
        ("[{X1: 1, X2: 2}]", "Names and strings need double quotes."),
        ('{"X1": 1}\n{"X1": 2}\n', "Send several rows as a list, with brackets and commas."),
        ("X1,X2\n1,2\n", "The body may be CSV. Send its rows as JSON."),
    ],
)
def test_common_causes_of_invalid_json_have_a_hint(api, body, hint):
    response = api.post("/predict", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("The body is not JSON: ")
    assert response.json()["detail"].endswith(f". {hint} {EXAMPLE}")


def test_an_empty_form_gets_an_example(api):
    response = api.post("/predict", "", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400
    assert response.json() == {"detail": f"The body is empty. {HEADER} {EXAMPLE}"}


def test_csv_that_was_sent_as_a_form_is_recognised(api):
    form = "application/x-www-form-urlencoded"
    response = api.post("/predict", "X1,X2\n1,2\n", content_type=form)
    assert response.status_code == 400
    assert response.json() == {
        "detail": "The body looks like CSV or text but was sent as a form; send its rows as JSON, "
        f"with the header 'Content-Type: application/json'. {CSV_HINT} {EXAMPLE}"
    }


def test_a_compressed_body_is_a_415(api):
    response = api.post("/predict", {"X1": 1, "X2": 2}, headers={"Content-Encoding": "gzip"})
    assert response.status_code == 415
    assert response.json() == {
        "detail": "The body has Content-Encoding gzip. Send it without compression."
    }


NO_PARAMETER = "No such query parameter; the parameters are outputs, range, format."


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("output=predict", {"output": [f"{NO_PARAMETER} Did you mean outputs?"]}),
        ("x=1", {"x": [NO_PARAMETER]}),
        (
            "range=refuse&range=report",
            {"range": ["The query parameter occurs more than once."]},
        ),
    ],
)
def test_an_unknown_or_repeated_query_parameter_is_a_400(api, query, answer):
    response = api.post(f"/predict?{query}", {"X1": 1, "X2": 2})
    assert (response.status_code, response.json()) == (400, answer)


def test_outputs_are_separated_by_commas_or_parameters(api):
    answers = [
        api.post(f"/predict?outputs=predict{separator}predict_proba", ROW).json()
        for separator in (",", "&outputs=")
    ]
    assert answers[0] == answers[1]
    assert list(answers[0]) == ["prediction", "probabilities"]


def test_a_site_can_read_other_query_parameters(api, settings):
    settings.OTHER_QUERY_PARAMETERS = ["api_key"]
    assert api.post("/predict?api_key=x", ROW).json() == {"prediction": 2}
    assert api.post("/predict?api_keys=x", ROW).json() == {
        "api_keys": [NO_PARAMETER.replace("format", "format, api_key") + " Did you mean api_key?"]
    }


def test_an_overflowing_number_does_not_hide_other_errors(api):
    body = b'{"X1": 1e999, "X2": "\\ud800"}'
    response = api.post("/predict", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("The body is not JSON: ")


@pytest.mark.parametrize("number", [2**63, -(2**63), 1e300, 2**53 + 2, "1e25", " 7 "])
def test_large_numbers_that_fit_are_accepted(api, iris, number):
    response = api.post("/predict", {"X1": number, "X2": 1})
    assert response.status_code == 200
    assert response.json() == {"prediction": iris.predict([[float(number), 1.0]]).tolist()[0]}


def test_messages_name_the_first_invalid_rows_and_count_the_others(api):
    rows = [{"X1": None, "X2": 1}] * 1007
    sentences = api.post("/predict", rows).json()["X1"]
    assert sentences[0] == "Row at index 0: Expected a number; got null."
    assert sentences[5:] == ["And 1,002 more rows."]


def test_messages_stop_to_count_after_many_invalid_rows(api):
    sentences = api.post("/predict", [{"X1": 1}] * 20_000).json()["X2"]
    assert sentences[4:] == [
        "Row at index 4: This column is missing.",
        "And at least 9,995 more rows.",
    ]


def test_an_object_of_many_rows_is_recognised(api):
    detail = api.post("/predict", {str(n): ROW for n in range(150)}).json()["detail"]
    assert "got an object of rows" in detail


@pytest.mark.parametrize("is_single", [True, False])
def test_many_unknown_columns_are_not_listed(api, is_single):
    rows = [{f"a{n}": 1} | ROW for n in range(101)]
    data = {name: 1 for row in rows for name in row} if is_single else rows
    response = api.post("/predict", data)
    assert response.status_code == 400
    assert response.json() == {
        "detail": "The data has more than 100 unknown columns; the columns of the model are X1, X2."
    }


@pytest.mark.parametrize("part", ["{}", "[]", "[" * 500 + "]" * 500])
def test_a_body_with_very_many_objects_or_lists_is_refused(api, part):
    body = f"[{','.join([part] * (1_000_000 // part.count(part[0])))}]"
    response = api.post("/predict", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"].startswith(
        "The body has more than 1,000,000 objects and lists. Send its rows in parts."
    )


def test_the_number_of_numeric_rows_has_no_bound(api, monkeypatch):
    monkeypatch.setattr(codec, "MAX_CONTAINERS", 3)
    assert api.post("/predict", [ROW] * 9).status_code == 200
    assert api.post("/predict", [ROW | {"X1": "5.9"}] * 9).status_code == 400


def test_no_error_repeats_the_submitted_values(api):
    response = api.post("/predict", {"X1": "4111 1111 1111 1111", "X2": 1})
    assert response.status_code == 400
    assert b"4111" not in response.content


def test_the_last_value_of_a_repeated_key_counts(api, iris):
    body = b'{"X1": 0, "X1": 61.1, "X2": 17.3}'
    response = api.post("/predict", body, content_type="application/json")
    assert response.json() == {"prediction": 2}


def test_json_sent_as_a_form_names_the_missing_header(api):
    body = '{"X1":"61.1", "X2":"17.3"}'
    response = api.post("/predict", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400
    assert response.json() == {
        "detail": "The body looks like JSON but was sent as a form; "
        f"add the header 'Content-Type: application/json'. {EXAMPLE}"
    }


def test_another_type_of_body_is_a_415(api):
    response = api.post("/predict", "X1=1", content_type="text/csv")
    assert response.status_code == 415
    assert response.json() == {
        "detail": f'Unsupported media type "text/csv" in request. {HEADER} {CSV_HINT} '
        f"{EXAMPLE} {PANDAS}"
    }


def test_a_form_is_one_row(api):
    assert api.post("/predict", {"X1": "61.1", "X2": "17.3"}, format="multipart").json() == {
        "prediction": 2
    }


def test_a_file_is_not_a_value(api, monkeypatch):
    form = {"X1": SimpleUploadedFile("x", b"1"), "X2": "1"}
    response = api.post("/predict", form, format="multipart")
    assert response.status_code == 400
    sentence = f"X1 is a file. Send its value as a text. {CSV_HINT} {EXAMPLE}"
    assert response.json() == {"detail": sentence}

    form["X1"].seek(0)
    monkeypatch.setattr(Predict, "parser_classes", [MultiPartParser])  # as in other sites
    response = api.post("/predict", form, format="multipart")
    assert response.status_code == 400
    assert response.json() == {"X1": [f"Expected a value; got a file. {CSV_HINT}"]}


def test_a_prediction_makes_no_query(api, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert api.post("/predict", ROW).status_code == 200


def test_get_is_the_card(api):
    assert api.get("/predict").json() == api.get("/models/iris/").json()


def test_an_unknown_model_is_a_404(api):
    response = api.post("/models/nope/predict", ROW)
    assert response.status_code == 404
    assert response.json() == {"detail": "There is no model nope."}


@pytest.mark.parametrize("name", ["irsi", "iriss", "_ris", "ir"])
def test_a_misspelt_model_gets_a_suggestion(api, iris, name):
    name = name.replace("_", "0")
    detail = f"There is no model {name}. Did you mean iris?"
    for response in (api.post(f"/models/{name}/predict", ROW), api.get(f"/models/{name}/")):
        assert (response.status_code, response.json()) == (404, {"detail": detail})


def test_another_method_is_a_405(api):
    response = api.delete("/predict")
    assert response.status_code == 405
    assert response.json() == {"detail": 'Method "DELETE" not allowed. Allowed: GET, POST.'}


def test_every_error_has_a_status():
    assert set(PredictorError.__subclasses__()) == set(STATUSES)
