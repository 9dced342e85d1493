"""Signatures that are inferred from an estimator without a sample."""

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from predictor.core.signature_inference import infer_signature


def test_strings_may_be_missing_where_an_imputer_of_none_fills_them():
    X = pd.DataFrame({"city": ["Rome", None, "Oslo", "Rome"], "size": [1.0, 2.0, 3.0, 4.0]})
    X["city"] = X["city"].astype(object).where(X["city"].notna(), None)
    filled = SimpleImputer(missing_values=None, strategy="most_frequent")
    estimator = make_pipeline(
        make_column_transformer(
            (make_pipeline(filled, OneHotEncoder()), ["city"]), remainder="passthrough"
        ),
        LogisticRegression(),
    ).fit(X, [0, 1, 1, 0])
    signature = infer_signature(estimator)
    assert {column.name: column.nullable for column in signature.columns} == {
        "city": True,
        "size": False,
    }
    rows = signature.parse_rows([{"city": None, "size": 2.0}, {"city": "Oslo", "size": 3.0}]).X
    assert estimator.predict(rows.dataframe).tolist() == estimator.predict(X.iloc[1:3]).tolist()
