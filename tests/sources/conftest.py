"""Servers on this machine for the tests of this room."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from threading import Event, Thread

import pytest


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    return "127.0.0.1", 0


@pytest.fixture
def raw_server() -> Iterator[Callable[..., str]]:
    """Makes an address that sends these octets as they are; with `is_held`, it then says nothing more but stays."""
    done, servers = Event(), []

    def serve(listener: socket.socket, octets: bytes, *, is_held: bool) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(octets)
            if is_held:
                done.wait(60)

    def start(octets: bytes, *, is_held: bool = False) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        thread = Thread(target=serve, args=(listener, octets), kwargs={"is_held": is_held})
        thread.start()
        servers.append((listener, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    done.set()
    for listener, thread in servers:
        thread.join(60)
        listener.close()
