"""Formats of Django for English: times as on the pages of the site."""

DATETIME_FORMAT = r"Y-m-d H:i \U\T\C"
