#!/usr/bin/env bash
# The browser for tests/page: Debian's Chromium and a Chinese font, where this may install them.
# Never fails: without a browser those tests skip and say so.
set -u
for program in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$program" >/dev/null && exit 0
done
if [ -n "${YANJI_CHROMIUM:-}" ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "tests/page will skip: no Chromium here (Debian and Ubuntu: apt-get install chromium fonts-noto-cjk)"
  exit 0
fi
echo "installing Chromium for tests/page"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install --yes --no-install-recommends chromium fonts-noto-cjk; } >/dev/null 2>&1 ||
  echo "tests/page will skip: apt-get cannot install chromium and fonts-noto-cjk"
