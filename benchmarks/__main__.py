"""`python -m benchmarks [name …]`: run them, print the table, write results.json."""

import subprocess
import sys

NAMES = ["expressions", "engine", "accept", "delivery", "flow"]

if __name__ == "__main__":
    failed = []
    for name in sys.argv[1:] or NAMES:
        print(f"== {name}", flush=True)
        if subprocess.call([sys.executable, "-m", f"benchmarks.{name}"]):
            failed.append(name)
    sys.exit(f"did not finish: {', '.join(failed)}" if failed else 0)
