"""Names of models and numbers of versions in URLs."""

NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
NAME_RULE = "Use at most 64 lowercase letters, digits, - and _; begin with a letter or a digit."
NUMBER = r"[0-9]{1,9}"
NUMBER_RULE = "The version in the address must be a number of at most 9 digits, such as 1."
