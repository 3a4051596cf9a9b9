"""What the pages show, for tests to run."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    *sorted(f"docs/{path.name}" for path in ROOT.glob("docs/*.md")),
]


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def methods() -> dict[int, str]:
    """The example of each paper in docs/adding_a_method.md, by the paper's number; paper 1's stands in the README."""
    parts = re.split(r"^## Paper (\d+)$", read("docs/adding_a_method.md"), flags=re.M)
    found = {
        int(number): re.findall(r"```python\n(.*?)```", text, re.S)
        for number, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    found[1] += re.findall(r"```python\n(.*?)```", read("README.md"), re.S)
    assert all(len(examples) == 1 for examples in found.values()), "one example each"
    return {number: examples[0] for number, examples in found.items()}


def defined(number: int, within: dict[str, object]) -> dict[str, object]:
    """The names of a module, and those that the example of this paper defines where it stands in that module."""
    names = dict(within)
    exec(compile(methods()[number], f"the example of paper {number}", "exec"), names)
    return names
