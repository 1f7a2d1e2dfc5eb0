"""Files written whole or not at all."""

import os

import pytest

from bplib import files


def test_text_and_bytes_are_written(tmp_path):
    files.write(tmp_path / "a", "σ′\n")
    assert (tmp_path / "a").read_bytes() == "σ′\n".encode()
    files.write(tmp_path / "a", b"\x00\xff")
    assert (tmp_path / "a").read_bytes() == b"\x00\xff"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path, error):
    path = tmp_path / "a"
    path.write_text("before")

    def fails():
        with files.replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fails()
    assert path.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_until_the_block_ends_the_file_is_as_it_was(tmp_path):
    path = tmp_path / "a"
    path.write_text("before")
    with files.replacing(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_text() == "before"
        assert len(list(tmp_path.iterdir())) == 2  # side by side: what comes from another disk is no one step
    assert path.read_text() == "after"


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.write(tmp_path / "nowhere" / "a", "text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: Windows has no FIFO")
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_is_never_replaced(tmp_path, make, linked):
    """Who may replace a device, and follows a link to it, would take it from every program."""
    make(tmp_path / "a")
    path = tmp_path / "a"
    if linked:
        path = tmp_path / "link"
        path.symlink_to(tmp_path / "a")
    before = sorted(tmp_path.iterdir())
    sentence = "is not a regular file, so it is not replaced"
    with pytest.raises(FileExistsError) as caught:
        files.write(path, "text")
    assert (caught.value.strerror, caught.value.filename) == (sentence, os.path.realpath(tmp_path / "a"))
    assert not (tmp_path / "a").is_file()
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_the_umask_decides_or_the_file_that_is_replaced(umask, mode, tmp_path):
    path, before = tmp_path / "a", os.umask(umask)
    try:
        files.write(path, "text")
        assert path.stat().st_mode & 0o777 == mode
        path.chmod(0o660)
        files.write(path, "text")
        assert path.stat().st_mode & 0o777 == 0o660
    finally:
        os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: links need a privilege on Windows")
def test_what_a_link_leads_to_is_replaced(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "a")
    files.write(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text() == "text"
