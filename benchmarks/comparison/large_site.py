"""A site with many models and tasks, made in a minute: import it after Django is set up."""

import os
import random
import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from sklearn.datasets import load_diabetes, make_classification
from sklearn.linear_model import LogisticRegression, Ridge

from predictor.core import save
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.registry import storage
from tasks.models import Task

N_MODELS, N_TASKS, BATCH = 200, 100_000, 10_000
N_WIDE_COLUMNS = 64
N_OFFLINE = 10  # models without a live version
MANY_VERSIONS = "penguins-010"
N_VERSIONS = 50
N_DAYS = 60  # due dates before and after today

VERBS = (
    "Call",
    "Check",
    "Clean",
    "Collect",
    "Compare",
    "Describe",
    "Pay",
    "Plan",
    "Repair",
    "Send",
)
THINGS = ("the archive", "the bill", "the budget", "the contract", "the data", "the measurements")
RARE_WORD, RARE_EVERY = "aardvark", 7000


def make_site(folder: Path) -> None:
    """Make the site: four registered estimators, copies of them, and tasks.

    Parameters
    ----------
    folder : Path
        For the files that are registered.
    """
    rng = random.Random(0)  # noqa: S311 - the same site every time
    call_command("prepare", stdout=StringIO())
    call_command("train", "penguins", stdout=StringIO())
    register(folder, "diabetes", Ridge(), *load_diabetes(return_X_y=True, as_frame=True))
    register(folder, "wide", LogisticRegression(max_iter=1000), *make_wide_data())
    copy_models(rng)
    make_tasks(rng)


def make_wide_data() -> tuple[pd.DataFrame, pd.Series]:
    """Return a table with many columns, and two classes."""
    X, y = make_classification(n_samples=1000, n_features=N_WIDE_COLUMNS, random_state=0)
    names = [f"measurement_{n}" for n in range(N_WIDE_COLUMNS)]
    return pd.DataFrame(X.round(3), columns=names), pd.Series(y, name="class")


def register(folder: Path, name: str, estimator, X: pd.DataFrame, y: pd.Series) -> None:
    """Register an estimator with a sample and an evaluation, and make it live."""
    is_test = np.arange(len(X)) % 4 == 0
    path, test = folder / f"{name}.skops", folder / f"{name}.csv"
    save(estimator.fit(X[~is_test], y[~is_test]), path, sample=X[~is_test])
    X[is_test].assign(**{y.name: y[is_test]}).to_csv(test, index=False)
    options = ("--promote", "--test", str(test), "--target", y.name)
    call_command("register", name, str(path), *options, stdout=StringIO())


def copy_models(rng: random.Random) -> None:
    """Make copies of the registered models; their versions share the files."""
    templates = list(ModelVersion.objects.select_related("model"))
    author = User.objects.get()
    for n in range(len(templates), N_MODELS):
        template = templates[n % len(templates)]
        model = RegisteredModel.objects.create(
            name=f"{template.model.name}-{n:03}", description=template.model.description
        )
        count = N_VERSIONS if model.name == MANY_VERSIONS else rng.randint(1, 4)
        live = None if n >= N_MODELS - N_OFFLINE else count
        versions = ModelVersion.objects.bulk_create(
            copy_version(template, model, number, live, author, rng)
            for number in range(1, count + 1)
        )
        events = [
            Event(model=model, kind="registration", by="admin", to_version=version)
            for version in versions
        ]
        if live:
            events.append(Event(model=model, kind="promotion", by="admin", to_version=versions[-1]))
        Event.objects.bulk_create(events)
        original = storage.directory(template.model.name, template.version)
        for version in versions:
            copy = storage.directory(model.name, version.version)
            shutil.copytree(original, copy, copy_function=os.link)


def copy_version(  # noqa: PLR0913, PLR0917 - all that a version depends on
    template: ModelVersion,
    model: RegisteredModel,
    number: int,
    live: int | None,
    author: User,
    rng: random.Random,
) -> ModelVersion:
    """Return a copy of a version, with slightly other metrics."""
    fields = [field.attname for field in ModelVersion._meta.concrete_fields]  # noqa: SLF001 - Django's documented API
    state = ModelVersion.State.LIVE if number == live else ModelVersion.State.READY
    changes = {
        "id": None,
        "model_id": model.pk,
        "version": number,
        "state": state,
        "metrics": {name: value * rng.uniform(0.9, 1) for name, value in template.metrics.items()},
        "created_by_id": author.pk,
    }
    return ModelVersion(**{name: getattr(template, name) for name in fields} | changes)


def make_tasks(rng: random.Random) -> None:
    """Make tasks: most are done, half have a due date, a third a description."""
    now = timezone.now()
    for first in range(0, N_TASKS, BATCH):
        Task.objects.bulk_create(
            make_task(n, now - timedelta(minutes=N_TASKS - n), rng)
            for n in range(first, first + BATCH)
        )


def make_task(n: int, created_at, rng: random.Random) -> Task:
    title = f"{rng.choice(VERBS)} {rng.choice(THINGS)} {n}"
    is_done = rng.random() < 0.8  # noqa: PLR2004 - the share
    due_at = created_at + timedelta(days=rng.uniform(0, 2 * N_DAYS)) if n % 2 else None
    sentence = "It was agreed at the meeting, and has to be done before the end of the quarter. "
    return Task(
        title=f"{title} {RARE_WORD}" if n % RARE_EVERY == 0 else title,
        description=sentence * rng.randint(1, 5) if n % 3 == 0 else "",
        done=is_done,
        priority=rng.choices((1, 2, 3, 4), (2, 5, 2, 1))[0],
        due_at=due_at,
        created_at=created_at,
        updated_at=created_at,
        completed_at=created_at if is_done else None,
    )
