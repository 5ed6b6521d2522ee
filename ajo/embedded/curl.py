"""The demo event as one line to paste into a shell."""

import json

# Each paste is a new event: the shell puts in a fresh id and the time it is. The quotes close the line's own
# single quotes, and open them again.
FRESH_ID = """'"$(date +%s%N)"'"""
NOW = """'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"""
FRESH = {"_id": FRESH_ID, "timestamp": NOW}


def curl_line(url: str, event: dict) -> str:
    body = json.dumps(_with_marks(event), ensure_ascii=True, separators=(",", ":"))
    body = body.replace("'", r"'\''")
    for name, shell in FRESH.items():
        body = body.replace(_mark(name), shell)
    return f"curl -sS -X POST {url} -H 'Content-Type: application/json' -d '{body}'"


def _mark(name: str) -> str:
    return f"@@{name}@@"


def _with_marks(value):
    if isinstance(value, dict):
        return {
            name: _mark(name) if name in FRESH and isinstance(part, str) else _with_marks(part)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_with_marks(part) for part in value]
    return value
