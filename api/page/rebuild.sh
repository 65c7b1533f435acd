#!/usr/bin/env bash
# Proves that the committed page is what its source gives: builds it anew in another folder and
# compares byte for byte. Says so and ends well where there is no Node new enough for it.
set -euo pipefail
cd "$(dirname "$0")"

has_node() {
  command -v npm >/dev/null && command -v node >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

offered() { apt-cache policy nodejs 2>/dev/null | sed -n 's/^ *Candidate: //p'; }

if ! has_node && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update >/dev/null 2>&1 || true
  if dpkg --compare-versions "$(offered)" ge 20.19 2>/dev/null; then
    apt-get install --yes --no-install-recommends nodejs npm >/dev/null 2>&1 || true
  fi
fi
if ! has_node; then
  echo "the page was not built anew: needs Node 20.19 or newer and npm (tests/page/test_built.py compared its sources)"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A copy: what lies about in the checkout must not be needed, and nothing is left behind.
tar --exclude=./node_modules --exclude=./built -cf - . | tar -xf - -C "$work"
cd "$work"
npm ci --no-audit --no-fund --loglevel=error
npm run --silent check
npx --no-install vite build --logLevel warn
diff -r built "$OLDPWD/built" ||
  { echo "the built page is not the one of its source: run make page, and commit api/page/built" >&2; exit 1; }
echo "the page: built anew, byte for byte the committed one"
