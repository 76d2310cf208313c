#!/usr/bin/env bash
# Makes .venv from the locked requirements: with uv when it is there, with pip otherwise.
set -euo pipefail
python="$1"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is $("$python" --version)." >&2
    exit 1
}
[ -x .venv/bin/python ] || "$python" -m venv .venv
if command -v uv >/dev/null 2>&1; then
    uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.txt
    uv pip install --quiet --python .venv/bin/python --no-deps --editable .
else
    # Byte code is written at first import instead: compiling 170 packages at once costs 15 s of a first start.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
fi
