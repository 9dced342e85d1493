"""Formats of Django for English: times as on the pages of the site."""

DATETIME_FORMAT = "Y-m-d H:i\N{NO-BREAK SPACE}\\U\\T\\C"
