"""Run a command, and end whatever it started: `python keeper.py COMMAND …`.

The first line of standard input goes to the command; standard output is the command's. The keeper ends when
the command has ended, with its exit status (128 + n for signal n), or when its own standard input is closed;
before it goes, it kills every process that came of the command. On Linux these are all found, also those that
made a session of their own or lost their parents: orphans become children of the keeper. Elsewhere what left
the command's process group is not found.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, NoReturn

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 10.0  # seconds for those who start new processes faster than they can be killed


class Started:
    """A command that was started, and our ends of its standard input and output: binary files.

    They are sockets where there are such: a pipe has a name in Linux's /proc, under which any process of the
    same user can write into it. Without `answers` its standard output is ours.
    """

    def __init__(self, command: Sequence[str], answers: bool = True, **settings: Any) -> None:
        self._sockets: Sequence[socket.socket] = ()
        if sys.platform == "win32":
            output = subprocess.PIPE if answers else None
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, **settings)
            self.questions, self.answers = self.process.stdin, self.process.stdout
            return
        self._sockets, its = zip(*(socket.socketpair() for _ in range(1 + answers)), strict=True)
        with contextlib.ExitStack() as ends:
            for end in its:
                ends.enter_context(end)
            output = its[1] if answers else None
            self.process = subprocess.Popen(command, stdin=its[0], stdout=output, **settings)
        self.questions = self._sockets[0].makefile("wb")
        self.answers = self._sockets[1].makefile("rb") if answers else None

    def fall_silent(self) -> None:
        """Nothing more is said: the command finds the end of its standard input."""
        with contextlib.suppress(OSError):  # it has ended, with something still to be read
            self.questions.close()
        if self._sockets:
            self._sockets[0].close()

    def hang_up(self) -> None:
        """Nothing more is heard either, whoever still holds the other end: who waits for a line gets none."""
        self.fall_silent()
        for end in self._sockets[1:]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def adopt_orphans() -> bool:
    """Become the parent of every process below that loses its own (Linux); True where that works."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    return ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, from Linux's /proc."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError, ValueError):  # gone already
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = children.get(pid, [])
    for below in found:  # grows while it is walked through
        found += children.get(below, [])
    return found


def kill(pid: int) -> None:
    """End that process, if it is there and ours."""
    with contextlib.suppress(OSError):  # gone already, or somebody else's
        os.kill(pid, signal.SIGKILL)


def end_all(process: subprocess.Popen) -> None:
    """Kill what is left of the command and of all it started."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True)
        return
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while os.path.isdir("/proc/self") and time.monotonic() < deadline:
        for pid in descendants(os.getpid()):
            kill(pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:  # none is left
            return
        time.sleep(0.002)


def main(command: Sequence[str]) -> NoReturn:
    """Run the command, hand on what is asked of it, and end all it started when it ends or nobody listens."""
    adopt_orphans()
    request = sys.stdin.buffer.readline()
    apart = {} if sys.platform == "win32" else {"start_new_session": True}
    started = Started(command, answers=False, stderr=subprocess.DEVNULL, **apart)
    process = started.process

    def watch():
        os.read(0, 1)  # nothing more is sent: it returns when the other side lets go
        process.kill()

    threading.Thread(target=watch, daemon=True).start()
    with contextlib.suppress(OSError):  # it has ended already
        started.questions.write(request)
    started.fall_silent()
    status = process.wait()
    end_all(process)
    os._exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main(sys.argv[1:])
