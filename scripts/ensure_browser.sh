#!/usr/bin/env bash
# Browser tests drive Debian's Chromium: install it where we may, say so where we may not.
set -uo pipefail
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests …"
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "Chromium is missing: browser tests will be skipped (install the package 'chromium' to run them)." >&2
[ "${CI:-}" = true ] && exit 1
exit 0
