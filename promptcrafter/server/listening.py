"""The sockets that listen, one for each worker. The parent holds them, so what waits there outlives
a worker, and its replacement accepts it.

Granian 2.8.7 would have each worker make its own: connections that wait in it are reset when the
worker ends. With one socket for all, the kernel gives 20 connections that come at once to one
worker of two.
"""

import ctypes
import os
import socket
import struct
import sys
import time
from collections.abc import Iterable

from django.core.exceptions import ImproperlyConfigured

BACKLOG = 1024

_SO_ATTACH_FILTER = 26
# A classic BPF program, of linux/filter.h: drop what has SYN among its TCP flags, take the rest.
_NO_NEWCOMERS = b"".join(
    struct.pack("HBBI", *step)
    for step in [(0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)]
)


def listen(host: str, port: int, *, count: int) -> list[socket.socket]:
    """Sockets that listen there; raises ImproperlyConfigured where that can't be."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With SO_REUSEPORT alone a port that another process serves would be shared without a word.
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        listeners = [socket.socket(family, kind) for _ in range(count)]
        for listener in listeners:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            # What is accepted inherits it.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
    except OSError as error:
        raise ImproperlyConfigured(
            f"Can't listen on HOST {host}, PORT {port}: {error.strerror}. "
            "Set them to an address of this machine and a free port."
        ) from error
    return listeners


def inherited(descriptors: Iterable[int]) -> list[socket.socket]:
    """Those that this process had before it became another program."""
    listeners = [socket.socket(fileno=each) for each in descriptors]
    for listener in listeners:
        listener.set_inheritable(False)
    return listeners


def drain(listeners: list[socket.socket], *, seconds: float = 1.0) -> None:
    """Lets nobody new in, and waits until the workers have accepted all that are.

    A newcomer's SYN is dropped, not refused: the client repeats it a second later, and is then
    refused, or let in by a server that was started meanwhile.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_NO_NEWCOMERS)
    of_it = struct.pack("HP", len(_NO_NEWCOMERS) // 8, ctypes.addressof(program))
    for listener in listeners:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, of_it)
    deadline = time.monotonic() + seconds
    time.sleep(0.02)  # for who is in the midst of the handshake
    while any(map(_waiting, listeners)) and time.monotonic() < deadline:
        time.sleep(0.01)


def _waiting(listener: socket.socket) -> int:
    """How many connections nobody has accepted yet: tcpi_unacked, of a socket that listens."""
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)
    return int(struct.unpack_from("I", info, 24)[0])


def turn_away(listener: int) -> None:
    """In a worker: from now on nothing comes through this file descriptor.

    What accepts on it can't be told to stop without closing connections, too. So it gets, under the
    same number, a socket that nobody knows. Only Linux names one that has no name.
    """
    if sys.platform != "linux":
        return
    unknown = socket.socket(socket.AF_UNIX)
    unknown.bind("")
    unknown.listen()
    unknown.setblocking(False)
    os.dup2(unknown.fileno(), listener)
    unknown.close()
