"""Signals of the server's processes: a worker ends when it is told to, and with its parent."""

import os
import signal

from predictor.isolation.confinement import end_with


def delay_sigterm_while_forking() -> None:
    """Keep a SIGTERM waiting while this process forks, in both processes.

    Python forgets a signal that reaches a new process before it runs.
    """
    os.register_at_fork(before=_block_sigterm, after_in_parent=_unblock_sigterm)


def set_up_worker(parent: int) -> None:
    """Make a new process end with SIGTERM and with its parent.

    Parameters
    ----------
    parent : int
        Process id of the parent.
    """
    os.setpgrp()  # Ctrl-C is for the parent, which then lets each worker finish
    # A parent that ends by itself has waited for its workers.
    end_with(parent)
    # The parent's handler would only set a flag in this process's copy of the server. Granian sets
    # a handler for workers later.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _unblock_sigterm()


def _block_sigterm() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _unblock_sigterm() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
