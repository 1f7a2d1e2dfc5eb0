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
import slim


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
    (tmp_path / "lock" / "pyodide-lock.json").write_text('{"packages": {"cycler": {"depends": []}}}')
    wheel = tmp_path / "Some_Thing-1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr("some_thing/__init__.py", "")
        files.writestr("single.py", "")
        files.writestr("some_thing-1.2.dist-info/METADATA", "")
    assert build_lite.add_wheels(tmp_path / "lock", [wheel]) == ["cycler", "some-thing"]
    lock = json.loads((tmp_path / "lock" / "pyodide-lock.json").read_text())["packages"]["some-thing"]
    assert lock["imports"] == ["single", "some_thing"]
    assert lock["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert (tmp_path / "lock" / wheel.name).is_file()


def test_a_wheel_is_made_smaller_and_its_lists_and_hash_say_so(tmp_path):
    """What is left out stands neither in the wheel nor in its lists; made twice, it is the same file."""
    fonts = "matplotlib/mpl-data/fonts/ttf"
    entries = [{"fname": f"fonts/ttf/{name}.ttf"} for name in ("DejaVuSans", "DejaVuSerif")]
    record = f"{fonts}/DejaVuSans.ttf,,\n{fonts}/DejaVuSerif.ttf,,\nmatplotlib/fontlist.json,,\n"
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        with zipfile.ZipFile(tmp_path / folder / "m.whl", "w") as files:
            files.writestr(f"{fonts}/DejaVuSans.ttf", "a")
            files.writestr(f"{fonts}/DejaVuSerif.ttf", "b")
            files.writestr("matplotlib/fontlist.json", json.dumps({"afmlist": [], "ttflist": entries}))
            files.writestr("m-1.dist-info/RECORD", record)
        lock = {"packages": {"matplotlib": {"file_name": "m.whl", "sha256": "old"}}}
        slim.wheels(tmp_path / folder, lock)
    wheel = tmp_path / "one" / "m.whl"
    assert wheel.read_bytes() == (tmp_path / "two" / "m.whl").read_bytes()
    assert lock["packages"]["matplotlib"]["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    with zipfile.ZipFile(wheel) as files:
        assert f"{fonts}/DejaVuSerif.ttf" not in files.namelist()
        assert files.read(f"{fonts}/DejaVuSans.ttf") == b"a"
        assert json.loads(files.read("matplotlib/fontlist.json"))["ttflist"] == entries[:1]
        assert "Serif" not in files.read("m-1.dist-info/RECORD").decode()


def test_a_line_that_is_to_be_changed_must_be_there(tmp_path):
    wheel = tmp_path / "k.whl"
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr("pyodide_kernel/interpreter.py", "self.Completer.use_jedi = 1\n")
    with pytest.raises(RuntimeError, match=r"k\.whl: expected 'Completer\.use_jedi = True' once"):
        slim.repack("pyodide-kernel", wheel)
