"""Throttle of logins with a password, counted in the database before any hashing.

An attempt counts as a failure from its beginning and is subtracted if it succeeds, so that parallel
attempts cannot exceed the limits. Each count lasts a quarter of an hour:

- after PAIR failures of a user from an address, the address may not try that user;
- after ADDRESS failures from an address, the address may not try any user;
- after USER failures of a user from all addresses, each further address has one attempt.

The last limit does not lock the user out: with the right password, a login from another address
still succeeds.
"""

import ipaddress
import logging
import math
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import Throttled

from mlsite.models import SignInFailures

log = logging.getLogger(__name__)

WINDOW = timedelta(minutes=15)
# Tolerated lead of a counted attempt: it can be later than an attempt that waited for it.
LATEST = timedelta(minutes=1)

PAIR = 10
ADDRESS = 50
USER = 100

Counts = dict[str, SignInFailures]


class LockedOut(Throttled):
    """There were too many failed logins. DRF responds with a 429.

    Parameters
    ----------
    wait : int
        Seconds until the next attempt is allowed.
    """

    default_detail = "Too many failed logins."
    extra_detail_singular = "Try again in {wait} second."
    extra_detail_plural = "Try again in {wait} seconds."


class Attempt:
    """One attempt of a user name from an address, counted as a failure until it succeeds.

    Raises
    ------
    LockedOut
        There were too many failed attempts.
    """

    def __init__(self, username: str, address: str) -> None:
        place = network(address)
        exists = User.objects.filter(username=username).exists()
        # An unknown user name may be a password in the wrong field: it is not stored.
        self.subject = f"{username if exists else 'an unknown user'} from {place}"
        self._address = _key("address", place)
        self._user = _key("user", username)
        self._pair = _key("pair", username, place)
        now = timezone.now()
        rows = SignInFailures.objects.filter(pk__in=(self._address, self._user, self._pair))
        self._refuse_beyond({row.pk: row for row in rows if _is_current(row, now)}, now, 0)
        counts = self._count(now, f"address {place}", f"user {username}" if exists else "no user")
        self._refuse_beyond(counts, now, 1)

    def failed(self) -> None:
        """Keep the attempt counted as a failure, and log it."""
        log.warning("Failed to sign in: %s.", self.subject)

    def succeeded(self) -> None:
        """Subtract the attempt, and forget the user's failures from this address."""
        SignInFailures.objects.filter(pk=self._pair).delete()
        others = SignInFailures.objects.filter(pk__in=(self._address, self._user), failures__gt=0)
        others.update(failures=F("failures") - 1)

    @transaction.atomic
    def _count(self, now: datetime, address: str, user: str) -> Counts:
        # Delete old rows first, so that the table holds at most half an hour.
        SignInFailures.objects.filter(until__lt=now - WINDOW).delete()
        # Always in this order, so that two attempts cannot deadlock.
        subjects = {self._address: address, self._user: user, self._pair: self.subject}
        return {key: _one_more(key, subject, now) for key, subject in subjects.items()}

    def _refuse_beyond(self, counts: Counts, now: datetime, attempts: int) -> None:
        """Refuse if the limit is reached without the counted attempts of this object."""

        def failures(key: str) -> int:
            return counts[key].failures - attempts if key in counts else 0

        pair = 1 if failures(self._user) >= USER else PAIR
        full = [
            counts[key]
            for key, limit in ((self._address, ADDRESS), (self._pair, pair))
            if failures(key) >= limit
        ]
        if full:
            until = max(row.until for row in full)
            raise LockedOut(max(1, math.ceil((until - now).total_seconds())))


def _one_more(key: str, subject: str, now: datetime) -> SignInFailures:
    fresh = {"subject": subject, "failures": 0, "until": now + WINDOW}
    row, _ = SignInFailures.objects.select_for_update().get_or_create(key=key, defaults=fresh)
    if not _is_current(row, now):
        row.failures, row.until = 0, now + WINDOW
    row.failures += 1
    row.save()
    return row


def _is_current(row: SignInFailures, now: datetime) -> bool:
    """Return whether the failures still count: if the clock was set back, they end too late."""
    return now < row.until <= now + WINDOW + LATEST


def _key(*words: str) -> str:
    return salted_hmac("mlsite.sign_ins", "\0".join(words), algorithm="sha256").hexdigest()


def network(address: str) -> str:
    """Return the address, or the /64 network of an IPv6 address, which one client controls."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket
        return address or "nowhere"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
