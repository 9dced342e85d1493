"""Names of models in URLs."""

NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
NAME_RULE = "Use at most 64 lowercase letters, digits, - and _; begin with a letter or a digit."
