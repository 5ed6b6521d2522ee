"""The storeys of the house: who may import whom. Held as data; any other import fails."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# from the ground up; a storey imports those under it and itself
STOREYS = ["ajo.core", "profiles", "audiences", "channels_app", "journeys", "ajo"]
# inside an app, doors stand on the domain, the domain on its models; nobody imports a door
DOORS = {"web", "api", "tasks", "admin", "management"}
FILES = sorted(
    p for s in ("ajo", "profiles", "audiences", "channels_app", "journeys") for p in (ROOT / s).rglob("*.py")
)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def storey_of(module: str) -> int | None:
    found = [n for n, name in enumerate(STOREYS) if module == name or module.startswith(f"{name}.")]
    return min(found) if found else None


def imports(path: Path) -> list[tuple[str, int, bool, bool]]:
    """(module, line, is relative, is inside a function) of every import of a file."""
    found = []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(n)
        for f in ast.walk(tree)
        if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)
        for n in ast.walk(f)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, False, id(node) in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module else [""]
            found += [(name, node.lineno, node.level > 0, id(node) in inside) for name in names]
    return found


def door_of(module: str) -> str | None:
    """ "profiles.api" for profiles.api.collection; None for what is not a door."""
    parts = module.split(".")
    start = 2 if parts[0] == "ajo" and len(parts) > 1 and parts[1] in ("core", "reporting") else 1
    return ".".join(parts[: start + 1]) if len(parts) > start and parts[start] in DOORS else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down(path):
    module = module_of(path)
    own_storey, own_door = storey_of(module), door_of(module)
    is_ground = own_storey == 0
    wrong = []
    for name, line, is_relative, is_hidden in imports(path):
        if is_relative:
            wrong.append(f"line {line}: a relative import")
        other = storey_of(name)
        if other is None:
            continue
        if is_hidden:
            wrong.append(f"line {line}: {name} is imported inside a function")
        if other > own_storey:
            wrong.append(f"line {line}: {name} stands above {module}")
        door = door_of(name)
        # the ground's own doors (API tools, the frame of pages) are tools for the doors of the storeys above
        if door and door != own_door and not door.startswith("ajo.core.") and own_storey < len(STOREYS) - 1:
            wrong.append(f"line {line}: {name} is a door, which nobody imports")
        if door and door.startswith("ajo.core.") and not is_ground and own_door is None and own_storey < 5:
            wrong.append(f"line {line}: {module} is no door but uses {name}")

    assert not wrong, "\n".join(wrong)


def test_no_signals_and_no_vague_modules():
    vague = {"services", "utils", "helpers", "managers", "signals"}

    assert [str(p) for p in FILES if p.stem in vague] == []
