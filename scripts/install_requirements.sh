#!/usr/bin/env bash
# Makes .venv from the locked requirements: with uv (six times as fast), with pip where uv cannot work.
set -euo pipefail
python="$1"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is $("$python" --version)." >&2
    exit 1
}
[ -x .venv/bin/python ] || "$python" -m venv .venv
pip=(.venv/bin/python -m pip --quiet --disable-pip-version-check)

# uv itself comes from the lock too: its block of name and hashes, alone.
uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    sed -n '/^uv==/,/[^\\]$/p' requirements.txt > .venv/uv.txt
    "${pip[@]}" install --require-hashes --requirement .venv/uv.txt && uv=.venv/bin/uv
fi

# Whoever gave pip another index (a company's mirror) means it for uv as well.
index=$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)
[ -z "$index" ] || export UV_DEFAULT_INDEX="$index"

if [ -n "$uv" ] && "$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements.txt; then
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --editable .
else
    # Byte code is written at first import instead: compiling 170 packages at once costs 15 s of a first start.
    "${pip[@]}" install --no-compile --require-hashes --requirement requirements.txt
    "${pip[@]}" install --no-deps --editable .
fi
