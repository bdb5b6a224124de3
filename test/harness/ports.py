"""Free ports for servers under test. All lie below the range from which the system takes the local ports of outgoing
connections: a port from that range can be gone before the server listens on it.

Threads: any; two callers may be handed the same port only by bad luck. Errors: NoFreePort.
"""

import random
import socket

SINGLE = range(12000, 27000)
BLOCKS = range(28000, 32000, 10)
ATTEMPTS = 100


class NoFreePort(Exception):
    pass


def free_port():
    for _ in range(ATTEMPTS):
        port = random.choice(SINGLE)
        if _is_free(port):
            return port
    raise NoFreePort(f"no free port in {ATTEMPTS} attempts")


def free_port_block(size=3):
    """A port that is free together with the `size` - 1 after it."""
    for base in BLOCKS:
        if all(_is_free(port) for port in range(base, base + size)):
            return base
    raise NoFreePort(f"no {size} free ports in a row")


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
