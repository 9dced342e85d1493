"""Register a file as the next version of a model."""

from argparse import ArgumentParser
from pathlib import Path
from textwrap import shorten
from typing import Any

from django.core.management.base import CommandError
from django.urls import reverse

from predictor import conf, registry
from predictor.core import boosters
from predictor.core.curl import format_curl
from predictor.core.descriptions import list_class_labels
from predictor.core.signature import Signature
from predictor.isolation.sandbox import Upload
from predictor.management.registry_command import (
    RegistryCommand,
    format_metrics,
    parse_metrics,
    parse_texts,
)
from predictor.models import ModelVersion
from predictor.registry.registration import Origin

MAX_LINE = 200
# Address in the example, if the site has no PUBLIC_URL.
LOCAL_URL = "http://localhost:8000"


class Command(RegistryCommand):
    help = "Registers a file as the next version of a model. A new name creates the model."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Name of the model, used in its URL.")
        parser.add_argument("file", type=Path, help="File with the fitted estimator.")
        parser.add_argument("--promote", action="store_true", help="Make the version live.")
        parser.add_argument(
            "--sample", type=Path, metavar="DATA", help="Example rows, as .csv or .npz."
        )
        parser.add_argument(
            "--test",
            type=Path,
            metavar="DATA",
            help="Rows on which the model was not fitted, as .csv. The model is evaluated on them.",
        )
        parser.add_argument(
            "--target",
            default="",
            metavar="COLUMN",
            help="Column of the test data that the model should predict; several with commas.",
        )
        parser.add_argument("--metric", action="append", default=[], metavar="NAME=NUMBER")
        parser.add_argument("--note", action="append", default=[], help="Note about the version.")
        parser.add_argument("--description", default="", help="Description of the model.")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="NAME=TEXT",
            help="Description of a column.",
        )
        parser.add_argument(
            "--class-name",
            action="append",
            default=[],
            metavar="LABEL=NAME",
            help="Name of a class, which pages show beside the label.",
        )
        parser.add_argument(
            "--allow-pickle",
            action="store_true",
            help="Read a pickle or joblib file and convert it. The file can execute code as you.",
        )
        parser.add_argument(
            "--allow-version",
            action="store_true",
            help="Accept an estimator that another version of scikit-learn fitted.",
        )

    def handle(self, **options: Any) -> None:
        for path in (options["file"], options["sample"], options["test"]):
            if path and not path.exists():
                raise CommandError(f"There is no file {path}.")
        upload = Upload(
            options["file"].absolute(),
            options["sample"] and options["sample"].absolute(),
            options["test"] and options["test"].absolute(),
            options["target"],
            allow_pickle=options["allow_pickle"],
            allow_version=options["allow_version"],
        )
        origin = Origin(
            source=f"file {options['file'].name}"[:200],
            description=options["description"],
            notes="\n".join(options["note"]),
            metrics=parse_metrics(options["metric"]),
            columns=parse_texts("--column", options["column"]),
            class_names=parse_texts("--class-name", options["class_name"]),
        )
        version = registry.register_file(options["name"], upload, origin)
        self.stdout.write(f"Registered version {version.version} of {version.model}.")
        self.describe(version)
        if version.evaluation:
            rows = version.evaluation["n_rows"]
            self.stdout.write(f"Test data: {rows:,} rows, {format_metrics(version.metrics)}")
        if version.notes:
            self.stdout.write(version.notes)
        if options["promote"]:
            version = registry.promote(version)
        self.report_address(version)

    def describe(self, version: ModelVersion) -> None:
        """Print the properties of the model in the file."""
        signature = Signature.from_json(version.signature)
        versions = version.fitted_with
        packages = ("scikit-learn", *boosters.DISTRIBUTIONS)
        fitted = [f"{name} {versions[name]}" for name in packages if name in versions]
        origin = f", fitted with {', '.join(fitted)}" if fitted else ""
        facts = {
            "Estimator": version.estimator,
            "File": f"{version.format}{origin}",
            "Columns": signature.used_names,
            "Not used": signature.unused_names,
            "Outputs": signature.methods,
            "Classes": list_class_labels(signature),
            "Engine": registry.describe_engine(version),
        }
        for name, fact in facts.items():
            text = fact if isinstance(fact, str) else shorten(", ".join(fact), MAX_LINE)
            if text:
                self.stdout.write(f"{name}: {text}")

    def report_address(self, version: ModelVersion) -> None:
        """Print whether a version is live, the address of the version, and a curl line."""
        self.report_state(version)
        name, number = version.model.name, version.version
        if version.state == ModelVersion.State.LIVE:
            path = reverse("model-predict", args=[name])
        else:
            live = registry.live_versions().get(name)
            which = "No version is" if live is None else f"Version {live} is"
            self.stdout.write(f"{which} live. To make this version live: promote {name} {number}")
            path = reverse("model-version-predict", args=[name, number])
        signature = Signature.from_json(version.signature)
        url = f"{conf.public_url() or LOCAL_URL}{path}"
        self.stdout.write(format_curl(url, signature.get_example()))
