"""Ties a process to its parent: when the parent is killed, the child ends too."""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2), Linux only; elsewhere the guard process does it alone."""


MARK = "TIEOUT_UP"
"""Environment variable that every process of one `tieout up` carries, with the same token."""


def die_with_parent() -> None:
    """Asks the kernel for SIGTERM when the parent dies; ends at once when it died meanwhile."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def die_with_supervisor() -> None:
    """The same in a process of `tieout up` only: a command that runs alone may outlive the shell it came from."""
    if MARK in os.environ:
        die_with_parent()
