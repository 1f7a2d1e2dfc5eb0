"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil


@contextlib.contextmanager
def replacing(path):
    """A binary file to write into, which takes the place of `path` when the block ends.

    Until then `path` is as it was, and so it stays if the block fails. Who may read it says the umask, or the
    file that is replaced.
    """
    path = os.path.realpath(path)  # what a link leads to is replaced, not the link
    if os.path.exists(path) and not os.path.isfile(path):  # a device, a pipe, a folder
        raise OSError(errno.EEXIST, "is not a regular file, so it is not replaced", path)
    # Not tempfile, whose files nobody else may read.
    temporary = os.path.join(os.path.dirname(path), f".{os.urandom(8).hex()}.part")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def write(path: str | os.PathLike, content: bytes | str) -> None:
    """Put bytes, or text as UTF-8, into the file `path`: all of it, or nothing."""
    with replacing(path) as file:
        file.write(content if isinstance(content, bytes) else content.encode())
