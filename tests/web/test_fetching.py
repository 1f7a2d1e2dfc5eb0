"""What the site brings from npm and the package index is what was asked for, or there is a sentence."""

import base64
import hashlib
import io
import json
import tarfile
import zipfile

import pytest

import build_lite
import fetch_pyodide
import npm


def entry(name, depends=(), content=b""):
    return {
        "file_name": f"{name}.whl",
        "depends": list(depends),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_a_closure_holds_what_is_needed_and_spares_what_is_not():
    packages = {
        "a": entry("a", ["b", "fonttools"]),
        "b": entry("b"),
        "fonttools": entry("f"),
        "c": entry("c"),
    }
    names = fetch_pyodide.closure(packages, wanted=["a"])
    assert names == {"a", "b"}
    kept = fetch_pyodide.pruned({"info": 1, "packages": packages}, names)
    assert kept["info"] == 1
    assert set(kept["packages"]) == names
    assert kept["packages"]["a"]["depends"] == ["b"]
    with pytest.raises(ValueError, match="expected a package nothing"):
        fetch_pyodide.closure(packages, wanted=["nothing"])


def test_a_wheel_that_is_another_is_refused():
    assert fetch_pyodide.checked(b"right", entry("a", content=b"right")) == b"right"
    with pytest.raises(RuntimeError, match=r"a\.whl: expected SHA-256 .* got"):
        fetch_pyodide.checked(b"wrong", entry("a", content=b"right"))


def archive(text):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        info = tarfile.TarInfo("package/a.js")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    return file.getvalue()


def test_a_package_of_npm_is_checked_and_kept(monkeypatch, tmp_path):
    content = archive(b"hello")
    sha512 = base64.b64encode(hashlib.sha512(content).digest()).decode()
    asked = []

    def give(package, folder):
        asked.append(package.name)
        (folder / "a.tgz").write_bytes(content)
        return folder / "a.tgz"

    monkeypatch.setattr(npm, "KEPT", tmp_path)
    monkeypatch.setattr(npm, "_fetch", give)
    wanted = npm.Package("@scope/name", "1.0", sha512)
    with pytest.raises(RuntimeError, match=r"@scope/name 1\.0 is not in"):
        npm.unpacked(wanted, only_kept=True)
    assert (npm.unpacked(wanted) / "a.js").read_bytes() == b"hello"
    npm.unpacked(wanted)
    assert asked == ["@scope/name"]
    with pytest.raises(RuntimeError, match="expected an archive with SHA-512"):
        npm.unpacked(npm.Package("other", "1.0", "A" * 86 + "=="))
    assert [path.name for path in tmp_path.iterdir()] == ["@scope+name-1.0"]


def test_wheels_are_written_into_the_lock_file(tmp_path):
    (tmp_path / "lock").mkdir()
    (tmp_path / "lock" / "pyodide-lock.json").write_text('{"packages": {"numpy": {"depends": []}}}')
    wheel = tmp_path / "Some_Thing-1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr("some_thing/__init__.py", "")
        files.writestr("single.py", "")
        files.writestr("some_thing-1.2.dist-info/METADATA", "")
    assert build_lite.add_wheels(tmp_path / "lock", [wheel]) == ["numpy", "some-thing"]
    lock = json.loads((tmp_path / "lock" / "pyodide-lock.json").read_text())["packages"]["some-thing"]
    assert lock["imports"] == ["single", "some_thing"]
    assert lock["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert (tmp_path / "lock" / wheel.name).is_file()
