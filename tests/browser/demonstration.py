"""Fill the site of the environment with realistic models, tasks and users."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import django
import pandas as pd
from django.core.management import call_command
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from predictor.core import save
from predictor.recipes import penguins
from tests.browser.pages import PASSWORD, STAFF, VISITOR

# Title, description, priority, days until it is due, whether it is done.
TASKS = [
    ("Collect the labels of November", "From the survey of both stations.", 3, -2, False),
    ("Compare the forest with the live model", "See the calibration of Chinstrap.", 2, 1, False),
    ("Renew the token of the notebook", "", 4, 2, False),
    ("Write the notes of version 2", "", 2, 6, False),
    ("Ask the stations for missing sexes", "Eleven penguins have none.", 1, 21, False),
    ("Back up the database", "The night before the release.", 3, -9, True),
    ("Retire the first model of diabetes", "", 2, None, True),
]

DIABETES = {
    "age": "Age (years)",
    "sex": "Sex (1 or 2)",
    "bmi": "Body mass index (kg/m²)",
    "bp": "Mean blood pressure (mm Hg)",
    "s1": "Total cholesterol (mg/dl)",
    "s2": "Low-density lipoproteins (mg/dl)",
    "s3": "High-density lipoproteins (mg/dl)",
    "s4": "Total cholesterol divided by HDL",
    "s5": "Logarithm of triglycerides",
    "s6": "Blood sugar (mg/dl)",
}


def main():
    django.setup()
    call_command("migrate", verbosity=0)
    add_users()
    add_tasks()
    call_command("prepare")
    with TemporaryDirectory() as directory:
        register_penguins(Path(directory))
        register_diabetes(Path(directory))


def add_users():
    from django.contrib.auth.models import User

    User.objects.create_superuser(STAFF, password=PASSWORD)
    User.objects.create_user(VISITOR, password=PASSWORD)


def add_tasks():
    from django.utils import timezone

    from tasks.models import Task

    # Some time after whole days, so that their number is the same until the pictures are taken.
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    for title, description, priority, days, done in TASKS:
        due_at = None if days is None else hour + timedelta(days=days)
        Task.objects.create(
            title=title, description=description, priority=priority, due_at=due_at, done=done
        )


def register_penguins(directory):
    """Register a retired version, the live version, and one that waits for its promotion."""
    data = pd.read_csv(Path(penguins.__file__).with_name("penguins.csv"))
    X, y = data[[column.name for column in penguins.COLUMNS]], data["species"]
    add = partial(
        register,
        directory,
        "penguins",
        train_test_split(X, y, test_size=0.3, random_state=0, stratify=y),
        columns={column.name: column.description for column in penguins.COLUMNS},
        description="Species of a penguin of the Palmer Archipelago from its island, sex and "
        "measurements.",
    )
    add(encode(LogisticRegression(C=0.001)), "--promote", "--note", "Strong regularisation.")
    add(encode(LogisticRegression()), "--promote", "--note", "The default regularisation.")
    add(encode(RandomForestClassifier(50, max_depth=6, random_state=0)), "--note", "A forest.")
    call_command("retire", "penguins", 1)


def encode(classifier):
    """Return a pipeline that replaces missing values, scales the measures and encodes strings."""
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), penguins.MEASURES),
            (
                make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
                penguins.STRINGS,
            ),
        ),
        classifier,
    )


def register_diabetes(directory):
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    register(
        directory,
        "diabetes",
        train_test_split(X, y.rename("progression"), test_size=0.3, random_state=0),
        make_pipeline(StandardScaler(), Ridge()),
        "--promote",
        columns=DIABETES,
        description="Progression of diabetes one year after ten baseline measurements.",
    )


def register(directory, name, parts, estimator, *options, **texts):
    """Fit, save and register a version with its test data."""
    X, X_test, y, y_test = parts
    file, test = directory / f"{name}.skops", directory / "test.csv"
    save(estimator.fit(X, y), file, X, **texts)
    X_test.assign(**{y_test.name: y_test}).to_csv(test, index=False)
    call_command("register", name, file, "--test", test, "--target", y_test.name, *options)


if __name__ == "__main__":
    main()
