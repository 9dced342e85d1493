from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from predictor.core import save
from predictor.core.artifacts import get_software_versions
from predictor.core.saved_model import format_size

VERSION = get_software_versions()["scikit-learn"]


class Text(HTMLParser):
    """The text of each cell and line of a page."""

    def __init__(self, page):
        super().__init__()
        self.parts = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, _attributes):
        if tag in ("td", "th", "div"):
            self.parts.append("")
        assert tag in {"div", "table", "thead", "tbody", "tr", "th", "td", "code"}, tag

    def handle_data(self, data):
        self.parts[-1] += data


def test_a_saved_model_has_a_line_and_a_page_that_is_escaped(tmp_path):
    frame = pd.DataFrame({"<b>a": [0.5, 1.0, 2.0, np.nan], "c": ["x&y", "x&y", "z", "z"]})
    tree = DecisionTreeClassifier().fit(frame[["<b>a"]], ["<i>", "k", "k", "<i>"])
    path = tmp_path / "tree.skops"
    texts = {"columns": {"<b>a": "A > B"}, "class_names": {"k": "<script>"}}
    saved = save(tree, path, sample=frame, **texts)
    size = format_size(path.stat().st_size)
    assert repr(saved) == (
        f"<{path}: DecisionTreeClassifier, 1 column, predict, predict_proba, "
        f"predict_log_proba, {size}>"
    )
    assert Text(saved._repr_html_()).parts == [
        *("", "DecisionTreeClassifier", "File", f"{path} {size}"),
        *("Fitted with", f"scikit-learn {VERSION}"),
        *("Outputs", "predict predict_proba predict_log_proba"),
        *("Classes", "<i>, k <script>"),
        *("Column", "Meaning", "Type", "Seen", "Example"),
        *("<b>a", "A > B", "float64, may be null", "0.5 to 2", "0.5"),
    ]


def test_parameters_that_are_left_out_are_shown(tmp_path):
    X = np.arange(12.0).reshape(6, 2)
    search = GridSearchCV(
        LinearRegression(), {}, cv=2, scoring=lambda model, X, y: model.score(X, y)
    ).fit(X, X[:, 0])
    saved = save(search, tmp_path / "search.skops")
    note = (
        "Left out, because only fitting uses them and their values are not accepted: "
        "GridSearchCV.scoring."
    )
    assert saved.notes == [note]
    assert repr(saved).endswith(f"\n{note}")
    assert ("Notes", note) in pairwise(Text(saved._repr_html_()).parts)


def test_a_page_stays_short_for_many_columns_and_names_the_steps(tmp_path):
    X = np.arange(1000.0).reshape(5, 200)
    pipeline = make_pipeline(StandardScaler(), "passthrough", LinearRegression()).fit(X, X[:, 0])
    saved = save(pipeline, tmp_path / "wide.skops", sample=X)
    parts = Text(saved._repr_html_()).parts
    assert parts[1] == "Pipeline of StandardScaler, passthrough, LinearRegression"
    assert "Classes" not in parts
    assert parts[-1] == "and 150 more columns"
    assert len(repr(saved)) < 200 + len(str(tmp_path))


def test_a_page_lists_some_classes_and_counts_the_others(tmp_path):
    X = np.arange(20.0).reshape(20, 1)
    saved = save(DecisionTreeClassifier().fit(X, range(20)), tmp_path / "tree.skops")
    assert "0, 1, 2, 3, 4, 5, 6, 7, and 12 more" in Text(saved._repr_html_()).parts


def test_sizes_have_three_digits():
    sizes = (0, 999, 1000, 61_300, 2_000_000, 5_120_000_000)
    texts = ["0 bytes", "999 bytes", "1 kB", "61.3 kB", "2 MB", "5.12 GB"]
    assert list(map(format_size, sizes)) == texts
