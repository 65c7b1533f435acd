#!/usr/bin/env bash
# Run with the wheel's `yanji` first on PATH, from a folder that holds no checkout.
set -euo pipefail
yanji --help >/dev/null
clips=$(python -c 'from yanji.ingest.testcity.demo_data import clips_folder; print(clips_folder())')
case "$clips" in *site-packages*) ;; *) echo "not the wheel: $clips" >&2; exit 1 ;; esac
yanji index "$clips/K01.mp4" --camera K01 --start 2026-11-20T08:00:00+08:00 --archive smoke --json
yanji search "$clips/snapshot.jpg" --case SMOKE-1 --reason "wheel smoke" --archive smoke --json \
  | python -c 'import json, sys; answer = json.load(sys.stdin); assert answer["hits"], answer; print(len(answer["hits"]), "hits")'
yanji audit verify --archive smoke
