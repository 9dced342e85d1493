"""A secret key that is made once and kept in a file that only its owner reads."""

import os
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

KEY_LENGTH = 50  # of the keys that Django makes


def kept_secret_key(path: Path) -> str:
    """Return the key kept in the file, after making both if there is none.

    Processes that start at once agree on one key: the file appears whole, and only once.
    """
    if not path.exists():
        try:
            _make(path)
        except OSError as exc:
            raise ImproperlyConfigured(
                f"No secret key can be kept in {path}: {exc.strerror}. Set SECRET_KEY, or let it "
                "be written."
            ) from exc
    key = path.read_text(encoding="ascii").strip()
    if len(key) < KEY_LENGTH:
        raise ImproperlyConfigured(
            f"{path} holds no usable key. Delete it to have one made (which ends all sessions), "
            "or set SECRET_KEY."
        )
    return key


def _make(path: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(get_random_secret_key() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass  # another process was first: its key is the one
    finally:
        os.unlink(name)  # noqa: PTH108 - the pair of mkstemp
