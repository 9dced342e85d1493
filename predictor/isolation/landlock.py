"""Restriction of the files that a process can open, see landlock(7)."""

import os
import struct
from collections.abc import Collection
from pathlib import Path

from predictor.isolation import libc

# The numbers of the system calls are the same on all architectures.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
GET_VERSION, PATH_BENEATH = 1, 1

# Rights to files.
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, TRUNCATE = 1 << 7, 1 << 8, 1 << 14
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE
# Rights of this list that apply to a file; the others apply to a directory.
OF_A_FILE = WRITE_FILE | READ_FILE | TRUNCATE

# Number of rights to files that each version restricts; later versions are like the last.
N_RIGHTS = (0, 13, 14, 15, 15, 16)
# First version that restricts TCP, and first version that restricts abstract sockets and signals.
TCP_VERSION, SCOPE_VERSION = 4, 6


def get_version() -> int:
    """Return the version of Landlock; 0 if the kernel does not have it, or has it switched off."""
    try:
        return libc.call(CREATE_RULESET, None, 0, GET_VERSION)
    except OSError:
        return 0


def open_rules(version: int, readable: Collection[Path], writable: Collection[Path]) -> int:
    """Return the descriptor of rules that allow only these files and directories."""
    rights = (1 << N_RIGHTS[min(version, len(N_RIGHTS) - 1)]) - 1
    # All rights to TCP and all scopes are restricted, and no rule allows any.
    tcp = 0b11 if version >= TCP_VERSION else 0
    scopes = 0b11 if version >= SCOPE_VERSION else 0
    attributes = struct.pack("QQQ", rights, tcp, scopes)
    rules = libc.call(CREATE_RULESET, attributes, len(attributes), 0)
    for allowed, paths in ((READ, readable), (WRITE, writable)):
        for path in paths:
            applicable = rights if path.is_dir() else rights & OF_A_FILE
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = struct.pack("=Qi", allowed & applicable, descriptor)
            libc.call(ADD_RULE, rules, PATH_BENEATH, rule, 0)
            os.close(descriptor)
    return rules


def enforce(rules: int) -> None:
    """Restrict this thread for ever, and close the descriptor of the rules."""
    libc.call(RESTRICT_SELF, rules, 0)
    os.close(rules)
