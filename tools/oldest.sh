#!/bin/sh
# The unit tests with the oldest versions of the direct dependencies that pyproject.toml allows, in .venv-oldest,
# with the oldest Python that it allows: sh tools/oldest.sh [ARGUMENTS OF PYTEST]. Called by `make oldest`.
#
# What tests texts, notebooks and graders, and not the libraries below them, is left out, as are the browser and
# the stored pictures, which one version of matplotlib draws.
set -eu
uv=.venv/bin/uv
if [ ! -x $uv ]; then
    echo "make oldest needs uv, which can resolve to the lowest versions: .venv/bin/python -m pip install uv" >&2
    exit 1
fi
$uv venv --quiet --clear --python 3.11 .venv-oldest
$uv pip install --quiet --python .venv-oldest/bin/python --resolution lowest-direct --editable '.[test]'

left_out=
for name in answers figures grade grade_lessons notebooks student; do
    left_out="$left_out --ignore=tests/test_$name.py"
done
.venv-oldest/bin/python -m pytest tests --ignore=tests/browser --ignore=tests/web $left_out -q -n 2 --dist loadscope \
    -p no:cacheprovider --disable-warnings "$@"
