"""From JSON-LD style keys, as the public XDM repository writes them, to the names of runtime payloads (XED).

| JSON-LD key                                               | XED                                       |
| --------------------------------------------------------- | ----------------------------------------- |
| `xdm:name`                                                | `name`                                    |
| `@id`                                                     | `_id` (`@type` and `@context` stay)       |
| `prefix:name` with another prefix (`schema:`, `repo:`, …) | `_prefix.name`, nested                    |
| `https://ns.adobe.com/experience/a/b`                     | `_experience.a.b`, nested                 |
| the same somewhere inside `_experience`                   | its last segment: `b`                     |
| everything else, other addresses among it                 | unchanged                                 |
"""

import re

EXPERIENCE = "https://ns.adobe.com/experience/"
PREFIXED = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(?!//)(.*)", re.DOTALL)


def to_xed(document: dict) -> dict:
    """The document with runtime names; its values are kept. ValueError when two keys would become one."""
    return _converted(document, inside=False)


def _converted(value: object, *, inside: bool) -> object:
    """`inside`: somewhere under `_experience`."""
    if isinstance(value, list):
        return [_converted(item, inside=inside) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict = {}
    for key, item in value.items():
        path = _path_of(key, inside=inside)
        _put(result, path, _converted(item, inside=inside or path[0] == "_experience"))
    return result


def _path_of(key: str, *, inside: bool) -> list[str]:
    """Where a key leads: one name, or names that nest."""
    if key == "@id":
        return ["_id"]
    if key.startswith(EXPERIENCE):
        names = key.removeprefix(EXPERIENCE).split("/")
        return names[-1:] if inside else ["_experience", *names]
    if match := PREFIXED.fullmatch(key):
        prefix, name = match.groups()
        return [name] if prefix == "xdm" else [f"_{prefix}", name]
    return [key]


def _put(target: dict, path: list[str], value: object) -> None:
    """Set a value; what several keys bring to the same object stands in it together."""
    *above, name = path
    for step in above:
        target = target.setdefault(step, {})
        if not isinstance(target, dict):
            raise ValueError(f"Two keys become {step!r}.")
    if name not in target:
        target[name] = value
    elif isinstance(target[name], dict) and isinstance(value, dict):
        for part, item in value.items():
            _put(target[name], [part], item)
    else:
        raise ValueError(f"Two keys become {name!r}.")
