"""Create a token."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mlsite.accounts.tokens import issue


class Command(BaseCommand):
    help = "Creates a token for a user and prints it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER")
        parser.add_argument("--name", required=True, help="Purpose of the token.")
        parser.add_argument("--days", type=int, help="Days until it expires; without it, never.")

    def handle(self, *, user: str, name: str, days: int | None, **_options: Any) -> None:
        if days is not None and days < 1:
            raise CommandError(f"--days is {days}; it takes a number from 1.")
        try:
            expires_at = None if days is None else timezone.now() + timedelta(days=days)
            token = issue(User.objects.get(username=user), name, expires_at)
        except User.DoesNotExist as exc:
            raise CommandError(f"There is no user {user}.") from exc
        except OverflowError as exc:
            raise CommandError(f"--days is {days}; that is beyond the year 9999.") from exc
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        self.stdout.write(token.secret)
