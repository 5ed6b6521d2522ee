"""A registry of plug-ins found by scanning a package: a new file is all that a new kind needs."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Classes or objects by their `kind`, in the order their modules sort."""

    def __init__(self, what: str, package: str) -> None:
        self.what = what
        self.package = package
        self._entries: dict[str, T] = {}
        self._scanned = False

    def register(self, entry: T) -> T:
        kind = entry.kind  # type: ignore[attr-defined]
        if kind in self._entries and self._entries[kind] is not entry:
            raise ValueError(f"There is already a {self.what} of kind {kind!r}.")
        self._entries[kind] = entry
        return entry

    def scan(self) -> None:
        """Import every module of the package once, so that each registers itself."""
        if self._scanned:
            return
        self._scanned = True
        package = importlib.import_module(self.package)
        for module in sorted(
            pkgutil.walk_packages(package.__path__, f"{self.package}."), key=lambda m: m.name
        ):
            importlib.import_module(module.name)

    def __getitem__(self, kind: str) -> T:
        self.scan()
        return self._entries[kind]

    def get(self, kind: str) -> T | None:
        self.scan()
        return self._entries.get(kind)

    def __iter__(self) -> Iterator[T]:
        self.scan()
        return iter(self._entries.values())

    def __contains__(self, kind: object) -> bool:
        self.scan()
        return kind in self._entries
