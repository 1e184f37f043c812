"""A machine without a network: for commands in processes of their own, which no fixture reaches."""

import socket

_resolve = socket.getaddrinfo


def _resolve_here(host, *arguments, **named):
    if host in (None, "localhost") or str(host).startswith(("127.", "::1")):
        return _resolve(host, *arguments, **named)
    raise socket.gaierror(socket.EAI_NONAME, "there is no network here")


socket.getaddrinfo = _resolve_here
