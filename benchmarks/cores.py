"""How long a finished run takes on some cores: its jobs dealt anew, each by the time for which it kept a core busy.

    python benchmarks/cores.py [--scale small]     prints a table; arithmetic on a run's benchmark files, in seconds

Jobs are dealt as the workflow deals them: of those whose inputs are there, of the earlier paper first, then the longer.
What draws, prints, gathers and judges has no benchmark file and is counted at 4 seconds. Caches and memory that cores
share are left out, so more cores take somewhat longer than it says.
"""

import argparse
import csv
import heapq
import re
import subprocess
from pathlib import Path

from recompose.papers import papers

UNMEASURED = 4.0
CORES = (1, 2, 4, 8, 16)
Jobs = dict[str, tuple[int, float]]
"""By their number: the place of the paper, and the seconds."""


def graph(scale: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What the jobs of a run are called, by their number, and which one waits for which."""
    command = ["snakemake", "--dag", "--config", f"scale={scale}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r'^\t(\d+)\[label = "([^"]+)"', told, re.M)), re.findall(r"^\t(\d+) -> (\d+)", told, re.M)


def seconds(label: str, folder: Path) -> float:
    """For how long a job kept a core busy, by its benchmark file: a rule's file has the name of what it makes."""
    rule, _, wildcards = label.partition("\\n")
    slug = next((slug for slug in papers() if rule.startswith(slug)), "")
    made = rule.removeprefix(slug).strip("_")
    value = wildcards.partition(": ")[2]
    place, _, kind = made.rpartition("_")
    names = {
        "part": [f"{place}.{value}-of-*"],
        "images": [f"images_{place}"],
        "numbers": [place],
        "network": [f"network_{place or value}"],
        "networks": [f"networks_{place}"],
    }.get(kind, [])
    found = [path for name in names for path in (folder / slug).glob(f"{name}.tsv")]
    if not found:
        return UNMEASURED
    with found[0].open() as file:
        return float(next(csv.DictReader(file, delimiter="\t"))["cpu_time"])


def makespan(jobs: Jobs, waits: list[tuple[str, str]], cores: int) -> float:
    """Seconds until all jobs are done."""
    left = {job: sum(after == job for _, after in waits) for job in jobs}
    ready = [(place, -took, job) for job, (place, took) in jobs.items() if not left[job]]
    heapq.heapify(ready)
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < cores:
            _, took, job = heapq.heappop(ready)
            heapq.heappush(running, (now - took, job))
        now, ended = heapq.heappop(running)
        for before, after in waits:
            if before == ended:
                left[after] -= 1
                if not left[after]:
                    place, took = jobs[after]
                    heapq.heappush(ready, (place, -took, after))
    return now


def main() -> None:
    """Print how long it takes on each number of cores."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--scale", default="small", help="whose run to read, results/<scale>")
    scale = parser.parse_args().scale
    folder = Path("results", scale, "benchmarks")
    if not folder.exists():
        parser.exit(1, f"error: {folder}: no such folder; run `make reproduce SCALE={scale}` first\n")
    labels, waits = graph(scale)
    order = list(papers())
    jobs = {}
    for number, label in labels.items():
        place = next((order.index(slug) for slug in order if label.startswith(slug)), len(order))
        jobs[number] = place, seconds(label, folder)
    print("| cores | minutes | bound by |\n|---:|---:|---|")
    total, chain = sum(took for _, took in jobs.values()), makespan(jobs, waits, len(jobs))
    for cores in CORES:
        bound = "work" if total / cores > chain else "its longest chain of jobs"
        print(f"| {cores} | {makespan(jobs, waits, cores) / 60:.0f} | {bound} |")
    print(f"\n{len(jobs)} jobs; work {total / 60:.0f} min, the longest chain {chain / 60:.0f} min.")


if __name__ == "__main__":
    main()
