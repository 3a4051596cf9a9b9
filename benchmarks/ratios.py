"""Every benchmark in its quickest form, one after another, and one table of how much faster ours is than its peers.

    python benchmarks/ratios.py            prints what they print, and the table; a quarter of an hour
    python benchmarks/ratios.py --write    puts the table into benchmarks/README.md

One thread of the processor, since other threads measure other work on the machine.
"""

import argparse
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from side_by_side import RATIO

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
SECTION = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- /measured -->)", re.S)
QUICK = {
    "resonator.py": ["--repeats", "1", "--threads", "1"],
    "weighted_composition.py": ["--repeats", "1"],
    "rooms.py": ["--repeats", "1"],
    "sami.py": ["--repeats", "3"],
    "concept_discovery.py": ["--repeats", "1"],
    "feature_guidance.py": ["--repeats", "1", "--scales", "small"],
}
"""By paper."""


def ratios(program: str, options: list[str]) -> list[list[str]]:
    """What a benchmark told of its ratios, line by line in cells: the paper, ours, the peer, how many times as fast."""
    command = [sys.executable, str(HERE / program), *options]
    print(f"\n# {' '.join(['python', f'benchmarks/{program}', *options])}\n", flush=True)
    found = []
    with subprocess.Popen(
        command, env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith(f"{RATIO} | "):
                found.append(line.rstrip("\n").split(" | ")[1:])
    if process.returncode or not found:
        sys.exit(f"{program} ended with status {process.returncode} and told {len(found)} ratios")
    return found


def table(rows: list[list[str]]) -> str:
    """As Markdown."""
    lines = ["| paper | what | beside | ours is |", "|---|---|---|---:|"]
    lines += [f"| {paper} | {what} | {peer} | {times} |" for paper, what, peer, times in rows]
    return "\n".join([f"torch {version('torch')}, one thread of a processor.", "", *lines, ""])


def main() -> None:
    """Run them all, and print or keep the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    options = parser.parse_args()
    measured = table([row for program, quick in QUICK.items() for row in ratios(program, quick)])
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(SECTION.sub(lambda _: measured, text), encoding="utf-8")
    print(f"\n{measured}", end="")


if __name__ == "__main__":
    main()
