"""Names of the processes that hold leases."""

from __future__ import annotations

import os
import socket


def new_holder() -> str:
    """A name for this process that no other has: machine, process and a draw."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{os.urandom(4).hex()}"


def died_here(holder: str | None) -> bool:
    """Whether the holder was a process of this machine that is gone: then nobody need wait for its lease to end.

    Where two machines share a name the answer may be wrong and is still harmless: each batch checks its holder.
    """
    machine, _, rest = (holder or "").partition(":")
    process = rest.partition(":")[0]
    if machine != socket.gethostname()[:40] or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)  # signal 0 asks, and sends nothing
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
