"""Runs a command and kills it at its n-th call that reaches the disk or the network, whichever thread makes that call.

    python killer.py N REPORT COMMAND…

The call itself is not made any more. REPORT gets the names of all calls that were counted, one a line: where there are
fewer than N, the command has ended by itself. `strace --inject` counts the calls of each thread by itself, so that it
hits a thread late in its work only where no other has made as many calls before; here one number means one moment.

A filter of the kernel (seccomp) stops the command at these calls alone, so that all others cost nothing.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
from pathlib import Path

#: {machine: {call: its number there}}
CALLS = {
    "x86_64": {
        "write": 1,
        "pwrite64": 18,
        "sendto": 44,
        "recvfrom": 45,
        "fsync": 74,
        "fdatasync": 75,
        "ftruncate": 77,
        "rename": 82,
        "unlink": 87,
    },
    "aarch64": {
        "write": 64,
        "pwrite64": 68,
        "sendto": 206,
        "recvfrom": 207,
        "fsync": 82,
        "fdatasync": 83,
        "ftruncate": 46,
        "renameat": 38,
        "unlinkat": 35,
    },
}

# of <linux/ptrace.h>, <linux/seccomp.h>, <linux/filter.h>, <linux/prctl.h> and <linux/wait.h>
_TRACEME, _CONT, _SETOPTIONS, _GETEVENTMSG = 0, 7, 0x4200, 0x4201
_FOLLOW, _TRACESECCOMP, _EXITKILL = 0x02 | 0x04 | 0x08, 0x80, 0x100000
_EVENT_SECCOMP = 7
_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _TRACE = 0x7FFF0000, 0x7FF00000
_ALL_THREADS = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class _Step(ctypes.Structure):
    """A step of a filter: struct sock_filter."""

    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Filter(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def run(nth: int, command: list[str]) -> tuple[int, list[str]]:
    """How a command ended that was killed at its n-th call, as a status of waitpid, and the names of its calls."""
    calls = CALLS[platform.machine()]
    child = os.fork()
    if not child:
        try:
            _ptrace(_TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)  # until the parent is ready
            _stop_at(list(calls.values()))
            os.execvp(command[0], command)  # noqa: S606
        finally:
            os._exit(127)
    os.waitpid(child, 0)
    _ptrace(_SETOPTIONS, child, _FOLLOW | _TRACESECCOMP | _EXITKILL)
    _ptrace(_CONT, child)
    return _watch(child, nth, list(calls))


def _watch(child: int, nth: int, names: list[str]) -> tuple[int, list[str]]:
    made: list[str] = []
    while True:
        thread, status = os.waitpid(-1, _ALL_THREADS)
        if not os.WIFSTOPPED(status):
            if thread == child:
                return status, made
            continue
        passed_on, event = 0, status >> 16
        if event == _EVENT_SECCOMP:
            made.append(names[_message(thread)])
            if len(made) == nth:
                os.kill(child, signal.SIGKILL)
                continue
        elif not event and os.WSTOPSIG(status) not in (signal.SIGSTOP, signal.SIGTRAP):  # ours: new threads, and exec
            passed_on = os.WSTOPSIG(status)
        _ptrace(_CONT, thread, passed_on)


def _stop_at(numbers: list[int]) -> None:
    """Have the kernel stop this process at these calls; the message that comes with it is the place in the list."""
    steps = [_Step(_LOAD, 0, 0, 0)]
    for place, number in enumerate(numbers):
        steps += [_Step(_JUMP_IF_EQUAL, 0, 1, number), _Step(_RETURN, 0, 0, _TRACE | place)]
    steps.append(_Step(_RETURN, 0, 0, _ALLOW))
    kept = (_Step * len(steps))(*steps)
    _check(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(_libc.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_Filter(len(steps), kept)), 0, 0))


def _message(thread: int) -> int:
    message = ctypes.c_ulong()
    _check(_libc.ptrace(_GETEVENTMSG, thread, None, ctypes.byref(message)))
    return message.value


def _ptrace(request: int, thread: int, data: int = 0) -> None:
    if _libc.ptrace(request, thread, None, data) < 0 and ctypes.get_errno() != 3:  # ESRCH: it is gone already
        _check(-1)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    ended, counted = run(int(sys.argv[1]), sys.argv[3:])
    Path(sys.argv[2]).write_text("".join(f"{name}\n" for name in counted))
    sys.exit(os.waitstatus_to_exitcode(ended) if os.WIFEXITED(ended) else 128 + os.WTERMSIG(ended))
