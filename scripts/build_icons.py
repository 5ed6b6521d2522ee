"""Make the icon subset that `{% icon %}` inlines, from an unpacked `lucide-static` package.

    python scripts/build_icons.py PATH/TO/lucide-static/package

Add the wanted names to `static/vendor/lucide-<version>/names.txt` first.
"""

import json
import re
import sys
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"


def main(package: Path) -> None:
    folder = next(VENDOR.glob("lucide-*"))
    icons = {}
    for name in sorted(set((folder / "names.txt").read_text().split())):
        svg = (package / "icons" / f"{name}.svg").read_text()
        inner = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL).group(1)
        icons[name] = " ".join(inner.split())
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(inner)}" for name, inner in icons.items())
    (folder / "icons.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
