"""Times in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.template.loader import render_to_string

from tasks.templatetags.due_dates import in_words

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "now"),
        (0.5, "in 30 minutes"),
        (-1, "1 hour ago"),
        (23.9, "in 23 hours"),
        (49, "in 2 days"),
        (-24 * 13, "13 days ago"),
        (24 * 21, "in 3 weeks"),
        (24 * 100, "in 3 months"),
        (-24 * 800, "2 years ago"),
    ],
)
def test_a_time_is_stated_as_its_distance(hours, words):
    assert in_words(NOW + timedelta(hours=hours), NOW) == words


def test_extreme_times_have_words():
    assert in_words(datetime(1, 1, 1, tzinfo=UTC), NOW) == "2028 years ago"
    assert in_words(datetime(9999, 12, 31, tzinfo=UTC), NOW) == "in 7969 years"


def test_a_time_is_in_utc_with_its_label():
    for time, text in (
        (datetime(1, 1, 1, 12, 30, tzinfo=UTC), "0001-01-01 12:30"),
        (datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2029-12-31 22:00"),
    ):
        html = render_to_string("predictor/time.html", {"time": time})
        assert f'>{text} <span class="zone">UTC</span></time>' in html
