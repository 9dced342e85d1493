"""Secret key, generated once and stored in a file that only its owner can read."""

import os
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

KEY_LENGTH = 50  # as Django generates them


def load_or_create_secret_key(path: Path) -> str:
    """Return the key in the file; generate it if there is no file.

    Processes that start at the same time get the same key: the file appears with its content, and
    only once.
    """
    if not path.exists():
        try:
            _make(path)
        except OSError as exc:
            raise ImproperlyConfigured(
                f"No secret key can be stored in {path}: {exc.strerror}. Set SECRET_KEY, or make "
                "the file writable."
            ) from exc
    key = path.read_text(encoding="ascii").strip()
    if len(key) < KEY_LENGTH:
        raise ImproperlyConfigured(
            f"{path} contains no usable key. Delete it, and a new key is generated (which ends all "
            "sessions); or set SECRET_KEY."
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
        pass  # another process was first, and its key counts
    finally:
        os.unlink(name)  # noqa: PTH108 - the pair of mkstemp
