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

# The page and the API, as they are in the wheel.
yanji serve --archive smoke --port 0 --json >serve.json &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
python - <<'PYTHON'
import json, re, time, urllib.request
from pathlib import Path

said = Path("serve.json")
for _ in range(600):
    if said.exists() and said.read_text().endswith("\n"):
        break
    time.sleep(0.1)
url = json.loads(said.read_text())["url"]

def get(path):
    with urllib.request.urlopen(url + path, timeout=20) as answer:
        return answer.read().decode()

page = get("/")
scripts = re.findall(r'src="(/assets/[^"]+\.js)"', page)
assert scripts and all(get(script) for script in scripts), page
assert json.loads(get("/live"))["status"] == "live"
print("the page is served")
PYTHON
kill $server
wait $server 2>/dev/null || true
trap - EXIT
