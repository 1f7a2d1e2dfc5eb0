#!/bin/sh
# Make .venv, or bring it up to date: sh tools/environment.sh [PYTHON]. Called by the Makefile.
set -eu

can_run() { # Python 3.11 or newer that can make an environment
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

works() { .venv/bin/python -c 'import sys' >/dev/null 2>&1; }

if [ -e .venv ] && works; then
    if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "The course needs Python 3.11 or newer, and .venv was made with $(.venv/bin/python -V)." >&2
        echo "Remove .venv and run make again, with PYTHON=… if the right one is not found by itself." >&2
        exit 1
    fi
else
    python=
    for candidate in ${1:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if can_run "$candidate"; then python=$candidate && break; fi
    done
    if [ -z "$python" ]; then
        echo "The course needs Python 3.11 or newer with its venv module (Debian and Ubuntu: apt install python3-venv)." >&2
        echo "Looked for: ${1:-python3, python3.11 to python3.14}. Choose another with: make PYTHON=/path/to/python3 …" >&2
        exit 1
    fi
    echo "Making the environment in .venv with $("$python" -V); the first time takes a minute or two."
    "$python" -m venv --clear .venv
fi

.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip --upgrade >/dev/null
pip() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

# uv installs in seconds what takes pip a minute; pip alone does as well
if { [ -x .venv/bin/uv ] || pip uv; } &&
    .venv/bin/uv pip install --quiet --python .venv/bin/python -r requirements.txt; then
    :
else
    echo "uv is not to be had or did not succeed; installing with pip, which takes longer."
    pip -r requirements.txt
fi
touch .venv/.ready
