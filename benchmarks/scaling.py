"""How the workflow grows: jobs, time and memory of `snakemake -n` at 1, 10 and 100 times the paper's grid.

    python benchmarks/scaling.py            prints the table
    python benchmarks/scaling.py --write    puts it into docs/scaling.md

The grid is runs x settings of paper 2. Runs grow by the configuration. Settings are names in its code: a copy of the
project gets more of them.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/scaling.md"
SECTION = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- /measured -->)", re.S)
NAMES = "src/recompose/papers/weighted_composition/names.py"
SPLIT = "GAUSSIAN, MIXTURES = tuple(SETTINGS)[:4], tuple(SETTINGS)[4:]\n"
MORE = """\
SETTINGS |= {{f"{{name}}_{{copy}}": title for copy in range(1, {times}) for name, title in SETTINGS.items()}}
MIXTURES = tuple(name for name in SETTINGS if name.startswith("gmm"))
GAUSSIAN = tuple(name for name in SETTINGS if name not in MIXTURES)
"""

# Times the paper's 30 runs, times its 6 settings, batches.
GRIDS = [(1, 1, 4), (1, 1, 64), (10, 1, 64), (1, 10, 64), (100, 1, 64), (10, 10, 64), (1, 100, 64)]


def copied(to: Path, settings: int) -> Path:
    """A copy of the project with so many times the settings."""
    for name in ("Snakefile", "workflow", "profiles", "config", "src"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, to / name)
    names = to / NAMES
    text = names.read_text(encoding="utf-8")
    assert SPLIT in text, f"{NAMES} no longer has: {SPLIT}"
    names.write_text(text.replace(SPLIT, MORE.format(times=settings)), encoding="utf-8")
    return to


def dry_run(project: Path, runs: int, batches: int) -> tuple[int, float, float]:
    """The jobs of `snakemake -n`, its seconds, and the most memory it held, in MB."""
    settings = [f"weighted_composition={{task: {{runs: {30 * runs}}}}}", f"execution={{batches: {batches}}}"]
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "2", "--config", "scale=paper", *settings]
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    with (project / "output").open("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        output.seek(0)
        text = output.read()
    assert status == 0, text
    (jobs,) = re.findall(r"^ *total +(\d+) *$", text, re.M)
    return int(jobs), seconds, usage.ru_maxrss / 1000


def table(repeats: int) -> str:
    """The table, its times the smallest of some repeats."""
    lines = [
        "| grid | runs | settings | batches | jobs | `snakemake -n` | memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for runs, settings, batches in GRIDS:
        with tempfile.TemporaryDirectory() as folder:
            project = copied(Path(folder), settings)
            measured = [dry_run(project, runs, batches) for _ in range(repeats)]
        jobs, seconds, memory = (min(each) for each in zip(*measured, strict=True))
        row = f"{runs * settings}x", 30 * runs, 6 * settings, batches, jobs, f"{seconds:.1f} s", f"{memory:.0f} MB"
        lines.append(f"| {' | '.join(map(str, row))} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, and print or keep the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into docs/scaling.md")
    options = parser.parse_args()
    measured = table(options.repeats)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(SECTION.sub(lambda _: measured, text), encoding="utf-8")
    else:
        print(measured, end="")


if __name__ == "__main__":
    main()
