"""CSV samples state no types: the types that the estimator or its file states precede them."""

import io

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelEncoder,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from predictor.core import artifacts
from predictor.core.columns import Column
from predictor.core.engines import EstimatorEngine
from predictor.core.errors import ArtifactError
from predictor.core.lazy_frame import materialize
from predictor.core.signature_inference import infer_signature

ZIPS = ["00501", "01234", "90210", "00501"]
Y = [0, 1, 0, 1]


def with_csv(estimator, csv, signature=None):
    """Return the signature of an estimator that is registered with a CSV sample."""
    known = signature or infer_signature(estimator)
    sample = artifacts.read_sample(csv.encode(), "sample.csv", known)
    described = infer_signature(estimator, known.columns, sample)
    again = artifacts.read_sample(csv.encode(), "sample.csv", described)  # for the verification
    if hasattr(sample, "columns"):
        pd.testing.assert_frame_equal(again, sample)
    else:
        np.testing.assert_array_equal(again, sample)
    return described


def answer(estimator, signature, rows):
    method = signature.methods[0]
    X = signature.parse_rows(rows).X
    values = EstimatorEngine(estimator).run([method], X)[method]
    return values.toarray() if hasattr(values, "toarray") else np.asarray(values)


def table(values, name="zip"):
    return pd.DataFrame({name: pd.Series(values, dtype=object)})


def encoders():
    yield "one-hot", make_pipeline(OneHotEncoder(), LogisticRegression())
    yield "ordinal", OrdinalEncoder()
    yield "target", TargetEncoder(cv=2)
    yield "imputed", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    yield "column", make_column_transformer((OneHotEncoder(), ["zip"]))
    yield (
        "columns",
        make_column_transformer((OneHotEncoder(), ["zip"]), (OrdinalEncoder(), ["zip"])),
    )
    yield "identity", make_pipeline(FunctionTransformer(), OneHotEncoder())
    yield "union", FeatureUnion([("a", OneHotEncoder()), ("b", OrdinalEncoder())])
    yield "target transformed", TransformedTargetRegressor(make_pipeline(OneHotEncoder(), Ridge()))


@pytest.mark.parametrize("estimator", [pytest.param(e, id=name) for name, e in encoders()])
@pytest.mark.parametrize("as_array", [False, True], ids=["table", "array"])
def test_zip_codes_stay_strings(estimator, as_array):
    X = table(ZIPS)
    rows = X.to_numpy() if as_array else X
    if as_array and hasattr(estimator, "transformers"):
        estimator = make_column_transformer((estimator.transformers[0][1], [0]))
    estimator = clone(estimator).fit(rows, Y)
    signature = with_csv(estimator, "zip\n00501\n01234\n90210\n")
    (column,) = signature.columns
    assert (column.kind, column.example) == ("string", "00501")
    asked = [{column.name: each} for each in ZIPS]
    method = getattr(estimator, signature.methods[0])
    expected = method(rows)
    expected = expected.toarray() if hasattr(expected, "toarray") else expected
    np.testing.assert_array_equal(answer(estimator, signature, asked), expected)


@pytest.mark.parametrize("csv", ["grade,n\na,1\nb,2\n", "grade,n\na,1\n,2\n"])
def test_null_is_none_where_the_category_is_none(csv):
    X = pd.DataFrame({"grade": pd.Series(["a", "b", None, "a"], dtype=object), "n": 1.5})
    estimator = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["grade"]), remainder="passthrough"
    ).fit(X)
    for sample in (None, X.head(2)):
        assert infer_signature(estimator, sample=sample).columns[0].missing_as_none
    signature = with_csv(estimator, csv)
    grade = signature.columns[0]
    assert (grade.dtype, grade.missing_as_none, grade.nullable) == ("object", True, True)
    encoded = answer(estimator, signature, [{"grade": each, "n": 1.5} for each in ("a", "b", None)])
    np.testing.assert_array_equal(encoded, estimator.transform(X.head(3)))


def test_a_category_that_pandas_reads_as_missing_is_a_string():
    X = table(["NA", "None", "nan", "x"], "code")
    estimator = OneHotEncoder().fit(X)
    signature = with_csv(estimator, "code\nNA\nNone\nx\n")
    assert signature.columns[0].example == "NA"
    encoded = answer(estimator, signature, [{"code": each} for each in X["code"]])
    np.testing.assert_array_equal(encoded, estimator.transform(X).toarray())


def test_categories_that_look_like_booleans_or_numbers_keep_their_type():
    X = pd.DataFrame(
        {
            "flag": pd.Series(["True", "False"] * 2, dtype=object),
            "member": [True, False] * 2,
            "id": [2**53, 2**53 + 1] * 2,
            "grade": [1.0, np.nan] * 2,
        }
    )
    estimator = OneHotEncoder().fit(X)
    signature = with_csv(
        estimator,
        f"flag,member,id,grade\nTrue,True,{2**53 + 1},1\nFalse,False,,\n",
    )
    assert [(c.kind, c.dtype, c.example) for c in signature.columns] == [
        ("string", "object", "True"),
        ("boolean", "bool", True),
        ("integer", "int64", 2**53 + 1),
        ("number", "float64", 1.0),
    ]
    rows = X.astype(object).where(X.notna(), None).to_dict("records")
    encoded = answer(estimator, signature, rows)
    np.testing.assert_array_equal(encoded, estimator.transform(X).toarray())


def test_texts_in_a_column_of_a_table_stay_strings():
    X = table(["007", "12 5", "NA"], "note")
    estimator = make_column_transformer((CountVectorizer(token_pattern=r"\w+"), "note")).fit(X)
    signature = with_csv(estimator, "note\n007\nNA\n")
    rows = X.to_dict("records")
    np.testing.assert_array_equal(answer(estimator, signature, rows), estimator.transform(X))


def test_labels_and_texts_stay_strings():
    labels = LabelEncoder().fit(["01", "02", "NA"])
    signature = with_csv(labels, "label\n01\nNA\n")
    rows = [{"x0": "01"}, {"x0": "NA"}]
    assert answer(labels, signature, rows).tolist() == [0, 2]
    texts = CountVectorizer(token_pattern=r"\w+").fit(["007", "NA 5"])
    signature = with_csv(texts, "text\n007\nNA\n")
    assert signature.columns[0].kind == "string"
    assert answer(texts, signature, [{"x0": "007"}]).sum() == 1


def test_the_types_in_the_file_of_the_model_precede_those_of_a_csv_file():
    X = pd.DataFrame(
        {
            "city": pd.Series(["1", "2"] * 30, dtype="category"),
            "size": np.linspace(0, 1, 60, dtype=np.float32),
            "count": pd.array([1, None, 3] * 20, dtype="Int64"),
            "weight": np.arange(60.0),
        }
    )
    boosting = HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype")
    estimator = boosting.fit(X, [0, 1, 1, 0] * 15)
    saved = infer_signature(estimator, sample=X)
    signature = with_csv(estimator, "city,size,count,weight\n1,0.1,,5\n2,0.2,3,6\n", saved)
    assert [column.dtype for column in signature.columns] == [
        "category",
        "float32",
        "Int64",
        "float64",
    ]
    assert signature.columns[0].categories == ("1", "2")
    rows = [{"city": "2", "size": 0.3, "count": None, "weight": 2.5}]
    sent = materialize(signature.parse_rows(rows).X)
    assert sent.dtypes.astype(str).to_list() == X.dtypes.astype(str).to_list()
    assert answer(estimator, signature, rows).shape == (1,)


def test_names_and_descriptions_of_the_columns_are_kept():
    X = np.arange(8.0).reshape(4, 2)
    estimator = make_pipeline(StandardScaler(), Ridge()).fit(X, Y)
    saved = infer_signature(estimator, [Column("bmi", "Body mass index"), Column("age")])
    signature = with_csv(estimator, "a,b\n1,2\n3,4\n", saved)
    assert [(c.name, c.description, c.range) for c in signature.columns] == [
        ("bmi", "Body mass index", (1.0, 3.0)),
        ("age", "", (2.0, 4.0)),
    ]


def test_columns_without_a_stated_type_have_that_of_the_csv_file():
    X = pd.DataFrame({"city": ["a", "b"] * 2, "n": [1, 2] * 2, "size": [0.5, 1.5] * 2})
    estimator = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough").fit(X)
    signature = with_csv(estimator, X.to_csv(index=False))
    assert [(c.kind, c.dtype) for c in signature.columns] == [
        ("string", "object"),
        ("number", "float64"),
        ("number", "float64"),
    ]
    signature = with_csv(estimator, f"city,n,size\na,{2**53 + 1},1\nb,-3,2\n")
    assert [(c.kind, c.dtype) for c in signature.columns[1:]] == [
        ("integer", "int64"),
        ("number", "float64"),
    ]


def test_a_value_that_the_estimator_refuses_is_named():
    estimator = OneHotEncoder().fit(table(ZIPS))
    signature = infer_signature(estimator)
    with pytest.raises(ArtifactError) as refusal:
        artifacts.read_sample(b"zip\n00501\n501\n", "sample.csv", signature)
    assert str(refusal.value) == (
        "The sample cannot be read. In the column zip, the row at index 1 has another value; "
        "expected one of 00501, 01234, 90210."
    )


@pytest.mark.parametrize("dtype", ["int64", "category"])
def test_the_encoder_precedes_a_table_of_other_types(dtype):
    estimator = OneHotEncoder().fit(table(["1", "2"], "zip"))
    signature = infer_signature(estimator, sample=pd.DataFrame({"zip": [1, 2]}, dtype=dtype))
    assert (signature.columns[0].kind, signature.columns[0].get_example()) == ("string", "1")


def test_a_file_without_rows_has_no_types():
    signature = infer_signature(Ridge().fit(np.arange(8.0).reshape(4, 2), Y))
    sample = artifacts.read_sample(io.BytesIO(b"a,b\n").getvalue(), "sample.csv", signature)
    assert sample.shape == (0, 2)


def wide_csv(n_columns):
    return ",".join(f"c{n}" for n in range(n_columns)).encode()


def wide_npz(X, save=np.savez):
    file = io.BytesIO()
    save(file, X)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("sample.csv", b"\n" + wide_csv(100_001) + b"\n1\n"),
        ("sample.npz", wide_npz(np.zeros((1, 100_001)))),
        ("sample.npz", wide_npz(sparse.csr_matrix((1, 100_001)), sparse.save_npz)),
    ],
    ids=["CSV", "array", "sparse matrix"],
)
def test_a_sample_with_too_many_columns_is_refused(name, data):
    signature = infer_signature(Ridge().fit(np.arange(8.0).reshape(4, 2), Y))
    with pytest.raises(ArtifactError) as refusal:
        artifacts.read_sample(data, name, signature)
    assert str(refusal.value) == (
        "The sample cannot be read: It has 100,001 columns; at most 100,000 are allowed."
    )


def test_a_name_of_a_column_may_not_be_endless():
    signature = infer_signature(Ridge().fit(np.arange(8.0).reshape(4, 2), Y))
    with pytest.raises(ArtifactError, match=r"^The sample cannot be read: Its header has a field "):
        artifacts.read_sample(b"a" * 200_000, "sample.csv", signature)


def test_a_sample_of_other_columns_lists_a_few_of_them():
    signature = infer_signature(Ridge().fit(table([1.0, 2.0, 3.0, 4.0], "a"), Y))
    sample = artifacts.read_sample(wide_csv(30) + b"\n", "sample.csv", signature)
    with pytest.raises(ArtifactError) as refusal:
        infer_signature(Ridge().fit(table([1.0, 2.0, 3.0, 4.0], "a"), Y), sample=sample)
    assert str(refusal.value) == (
        f"The sample has the columns {', '.join(f'c{n}' for n in range(20))} and 10 more; "
        "the model takes a. Missing: a."
    )
