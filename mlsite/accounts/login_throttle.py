"""Attempts to sign in with a password, counted in the database before any hashing.

An attempt counts from its beginning, and one that succeeds is taken back: attempts that run at
once cannot pass together. Each count is for a quarter of an hour:

- PAIR failures as one user from one address, and that address may not try that user;
- ADDRESS failures from one address, and it may try nobody;
- USER failures as one user from everywhere, and a further address may try that user only once.

The last is no full lock. A stranger cannot keep a user out who is somewhere else and knows the
password; and many addresses get one guess each.
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

from mlsite.models import SignInFailures

log = logging.getLogger(__name__)

WINDOW = timedelta(minutes=15)
PAIR = 10
ADDRESS = 50
USER = 100

Counts = dict[str, SignInFailures]


class LockedOut(Exception):
    """There were too many failures; it says for how long."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__("Too many failures to sign in.")


class Attempt:
    """One attempt of a user name from an address, counted as a failure until it succeeds.

    Raises
    ------
    LockedOut
        There have been too many.
    """

    def __init__(self, username: str, address: str) -> None:
        place = network(address)
        known = User.objects.filter(username=username).exists()
        # What is no user's name may be a password in the wrong field: it is not written down.
        self.subject = f"{username if known else 'an unknown user'} from {place}"
        self._address = _key("address", place)
        self._user = _key("user", username)
        self._pair = _key("pair", username, place)
        now = timezone.now()
        kept = SignInFailures.objects.filter(pk__in=(self._address, self._user, self._pair))
        self._refuse_beyond({row.pk: row for row in kept if row.until > now}, now, 0)
        counts = self._count(now, f"address {place}", f"user {username}" if known else "no user")
        self._refuse_beyond(counts, now, 1)

    def failed(self) -> None:
        """Leave it counted, and say so."""
        log.warning("Failed to sign in: %s.", self.subject)

    def succeeded(self) -> None:
        """Take it back. Only this user's failures from this address are forgotten with it."""
        SignInFailures.objects.filter(pk=self._pair).delete()
        others = SignInFailures.objects.filter(pk__in=(self._address, self._user), failures__gt=0)
        others.update(failures=F("failures") - 1)

    @transaction.atomic
    def _count(self, now: datetime, address: str, user: str) -> Counts:
        # Old rows go first: there are never more than the failures of half an hour.
        SignInFailures.objects.filter(until__lt=now - WINDOW).delete()
        # Always in this order, so that two attempts never wait for each other's rows.
        subjects = {self._address: address, self._user: user, self._pair: self.subject}
        return {key: _one_more(key, subject, now) for key, subject in subjects.items()}

    def _refuse_beyond(self, counts: Counts, now: datetime, own: int) -> None:
        """Refuse if there are as many failures as allowed, besides this attempt's own."""

        def failures(key: str) -> int:
            return counts[key].failures - own if key in counts else 0

        pair = 1 if failures(self._user) >= USER else PAIR
        full = [
            counts[key]
            for key, most in ((self._address, ADDRESS), (self._pair, pair))
            if failures(key) >= most
        ]
        if full:
            until = max(row.until for row in full)
            raise LockedOut(max(1, math.ceil((until - now).total_seconds())))


def _one_more(key: str, subject: str, now: datetime) -> SignInFailures:
    fresh = {"subject": subject, "failures": 0, "until": now + WINDOW}
    row, _ = SignInFailures.objects.select_for_update().get_or_create(key=key, defaults=fresh)
    if row.until <= now:
        row.failures, row.until = 0, now + WINDOW
    row.failures += 1
    row.save()
    return row


def _key(*words: str) -> str:
    return salted_hmac("mlsite.sign_ins", "\0".join(words), algorithm="sha256").hexdigest()


def network(address: str) -> str:
    """Return what one attacker has at hand: the address, or the /64 around one of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # a socket without an address
        return address or "nowhere"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
