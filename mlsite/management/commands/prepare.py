"""Prepare the site: tables, an administrator, example tasks, the default model."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from mlsite.command_line import program
from predictor import recipes, registry
from predictor.core.errors import ArtifactError
from predictor.management.registry_command import RegistryCommand
from predictor.models import ModelVersion, RegisteredModel


class Command(RegistryCommand):
    help = (
        "Makes missing tables, the admin user and the example tasks of a new database, and the "
        "default model. `serve` runs this command at every start."
    )

    def handle(self, **_options: Any) -> None:
        str(settings.SECRET_KEY)  # generates the key of a new site, or says why it cannot
        if settings.SQLITE and not connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's
            # Only the owner may read sessions and passwords. An existing file keeps its mode.
            Path(settings.DATABASES["default"]["NAME"]).touch(mode=0o600)
        self.connect()
        self.migrate()
        self.populate()
        self.sync()
        self.train()
        self.compile()

    def connect(self) -> None:
        """Connect to the database, or say in a sentence which database cannot be used."""
        try:
            connection.ensure_connection()
        except OperationalError as exc:
            named = settings.DATABASES["default"]
            place = f" on {named['HOST']}, port {named['PORT'] or 5432}," if named["HOST"] else ""
            raise CommandError(
                f"The database {named['NAME']}{place} cannot be used. See DATABASE_URL."
            ) from exc

    def migrate(self) -> None:
        """Migrate the database if a migration is missing."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Making the tables ...")
            call_command("migrate", verbosity=0)

    def populate(self) -> None:
        """Create the administrator and the two example tasks if there is no user."""
        users = get_user_model().objects
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            if users.exists():
                return
            users.create_superuser("admin", password=password)
            call_command("loaddata", "example_tasks", verbosity=0)
        self.stdout.write(
            f"Made the user admin with the password {password} (it is not shown again). "
            f"To change it: {program()} changepassword admin"
        )

    def sync(self) -> None:
        """Register the files in MODELS_DIR if no model is registered: the database was lost.

        The live versions are unknown. The newest version of the default model becomes live; the
        other models wait for a `promote`.
        """
        if RegisteredModel.objects.exists():
            return
        for sentence, _ in registry.sync():
            self.stdout.write(sentence)
        default = ModelVersion.objects.filter(model__name=settings.DEFAULT_MODEL)
        if newest := default.order_by("version").last():
            registry.promote(newest, why="The database was lost.")
            self.stdout.write(f"Version {newest.version} of {newest.model} is live.")
        for name in registry.models_without_live_version():
            self.stdout.write(
                f"{name} has no live version. Run: {program()} promote {name} VERSION"
            )

    def train(self) -> None:
        """Train the default model if it is missing; check the files of live models."""
        name = settings.DEFAULT_MODEL
        if name not in registry.live_versions():
            model = RegisteredModel.objects.filter(name=name).first()
            if model and registry.is_unpublished(model):
                self.stdout.write(
                    f"{name} is unpublished: /predict answers 404. Run: {program()} rollback {name}"
                )
            elif name not in recipes.RECIPES:
                self.stderr.write(
                    f"DEFAULT_MODEL is {name!r}, which is not registered: /predict answers 404."
                )
            else:
                self.stdout.write(f"Training {name} ...")
                registry.train(name, if_missing=True)
        try:
            registry.check_live()
        except ArtifactError as exc:
            raise CommandError(f"A live model cannot be loaded. {exc}") from exc

    def compile(self) -> None:
        """Compile live models that have no compiled file of the current software versions."""
        for version in registry.compile_stale():
            self.stdout.write(f"Compiled version {version.version} of {version.model}.")
