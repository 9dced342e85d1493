"""Template filter for times in words."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone

register = template.Library()

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# The largest distance that is stated in a unit, and the unit.
UNITS = (
    (HOUR, MINUTE, "minute"),
    (DAY, HOUR, "hour"),
    (14 * DAY, DAY, "day"),
    (60 * DAY, 7 * DAY, "week"),
    (730 * DAY, 30.44 * DAY, "month"),
    (timedelta.max, 365.25 * DAY, "year"),
)


@register.filter
def in_words(time: datetime, now: datetime | None = None) -> str:
    """Return a time as its distance from now: "in 2 days", "3 hours ago"."""
    distance = time - (now or timezone.now())
    length = abs(distance)
    if length < MINUTE:
        return "now"
    unit, name = next((unit, name) for limit, unit, name in UNITS if length < limit)
    number = int(length / unit)
    plural = "" if number == 1 else "s"
    return (
        f"in {number} {name}{plural}" if distance > timedelta() else f"{number} {name}{plural} ago"
    )
