"""The examples of docs/extending, put where their pages say for the time of a test."""

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ajo.core.registry import Registry

PAGES = Path(__file__).resolve().parents[2] / "docs" / "extending"
CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def add_example(monkeypatch, tmp_path):
    """`add_example(page, package, module, registry)`: the page's code as a new file of the package.

    The registry looks through the package again, as after a restart, and forgets the file after the test.
    """
    added = []

    def add(page: str, package_name: str, module: str, registry: Registry | None = None) -> None:
        (code,) = CODE.findall((PAGES / page).read_text(encoding="utf-8"))
        (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
        package = import_module(package_name)
        if registry is not None:
            registry.scan()
            monkeypatch.setattr(registry, "_entries", dict(registry._entries))
            monkeypatch.setattr(registry, "_scanned", False)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        added.append((package, module))
        if registry is not None:
            registry.scan()

    yield add
    for package, module in added:
        sys.modules.pop(f"{package.__name__}.{module}", None)
        vars(package).pop(module, None)
