"""What docs/scaling.md says of the work of all papers: where the time of the reference run went, and how it grows."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple, cast

from recompose.artifacts import Paper, Work
from recompose.blocks import Block
from recompose.config.loading import ConfigError, Layer, validate
from recompose.config.models import Config
from recompose.config.reading import read_yaml
from recompose.errors import RecomposeError
from recompose.papers import papers
from recompose.storage import read_json
from recompose.workflow.provenance import busy_seconds

TIMES = ("<!-- made from results/reference/small/manifest.json: recompose config work -->\n", "<!-- /times -->\n")
GROWTH = ("<!-- made from the papers' works at the scale paper: recompose config work -->\n", "<!-- /growth -->\n")
KINDS = ("images", "training", "measuring", "drawing")


Made = Mapping[str, Mapping[str, Any]]
"""The manifest's artifacts."""


class Growth(NamedTuple):
    """What more of a paper's data is: some keys of a paper, `<block>.<key>`, that grow together."""

    paper: str
    what: str
    keys: tuple[str, ...]
    part: str | None = None
    """of the paper, where only that grows: the name of its package, empty for what is in none"""


GROWTHS = (
    Growth("coupled_inference", "problems", (
        *(f"{name}.trials" for name in ("table1", "figure2", "figure3", "figure4", "figure5", "figure6", "restarts")),
    )),
    Growth("weighted_composition", "runs", ("task.runs", "exact.runs"), ""),
    Growth("weighted_composition", "swarms of rooms", ("rooms_sampling.swarms", "rooms_sampling.alone"), "rooms"),
    Growth("sami", "images", ("disks.train", "faces.train", "dsprites.train", "portraits.train")),
    Growth("concept_discovery", "queries", ("digits.queries", "faces.queries")),
    Growth("feature_guidance", "textures", ("images.classes", "images.pictures")),
)  # fmt: skip


def work(page: Path = Path("docs/scaling.md"), reference: Path = Path("results/reference/small/manifest.json")) -> str:
    """docs/scaling.md with its tables of times and of growth renewed."""
    made = read_json(reference)["artifacts"]
    text = page.read_text(encoding="utf-8")
    for (begin, end), table in ((TIMES, times(made)), (GROWTH, growth(made, _published()))):
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise RecomposeError(f"{page}: a table has to stand between {begin.strip()} and {end.strip()}")
        text = "".join([before, begin, table, end, after])
    return text


def _published() -> Config:
    """The scale paper without what a person has set."""
    values, mistakes = read_yaml(Path(), "config/scales/paper.yaml")
    config, found = validate(Config, [Layer("paper.yaml", values)])
    if mistakes + found:
        raise ConfigError(mistakes + found)
    return cast(Config, config)


# ---------------------------------------------------------------------------------------------------------------
# Where the time went


def times(made: Made) -> str:
    """Of each paper the minutes of one core by kind of work, and the operations that are counted."""
    lines = [
        "| paper | images | training | measuring | drawing | all | operations: training | measuring |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    small, whole = Config(), dict.fromkeys(KINDS, 0.0)
    for slug, paper in papers().items():
        spent = minutes(_seconds(made, slug))
        if not any(spent.values()):
            continue  # the reference run knows nothing of it
        whole = {kind: whole[kind] + spent[kind] for kind in KINDS}
        counted = [_power(each) for each in operations(paper, works_of(paper, getattr(small, slug), 1))]
        lines.append(f"| {paper.number} | {_shown(spent)} | {' | '.join(counted)} |")
    return "\n".join([*lines, f"| all | {_shown(whole)} | | |", ""])


def _seconds(made: Made, slug: str) -> dict[str, float]:
    return {name: busy_seconds(each) for name, each in made.items() if name.startswith(f"{slug}/")}


def minutes(seconds: Mapping[str, float]) -> dict[str, float]:
    """Minutes by kind, from the seconds of each file, `<paper>/<path>`.

    What was written by one step counts its time from the same start: the longest of them is the step's.
    """
    steps: dict[tuple[str, str], float] = {}
    for name, each in seconds.items():
        path = Path(name)
        kind = {"images": "images", "networks": "training", "training": "training"}.get(path.parent.name, "")
        kind = kind or ("drawing" if path.suffix in (".png", ".svg", ".md") else "measuring")
        place = kind, path.stem + path.suffix * (path.suffix == ".md")
        steps[place] = max(steps.get(place, 0.0), each)
    return {kind: sum(each for (of, _), each in steps.items() if of == kind) / 60 for kind in KINDS}


def _shown(spent: Mapping[str, float]) -> str:
    return " | ".join(f"{each:.1f} min" for each in (*spent.values(), sum(spent.values())))


def operations(paper: Paper, works: Mapping[str, Work]) -> tuple[float, float]:
    """Those of training, and of all that artifacts do; some artifacts train networks of their own."""
    measured = {artifact.name for artifact in paper.artifacts} - set(paper.networks)
    of_artifacts = sum(each.teraflop for name, each in works.items() if name.removesuffix("_numbers") in measured)
    return 1e12 * (sum(each.teraflop for each in works.values()) - of_artifacts), 1e12 * of_artifacts


# ---------------------------------------------------------------------------------------------------------------
# How it would grow


def growth(made: Made, published: Config) -> str:
    """Of each paper at 1, 10 and 100 times its data: all operations, the longest job, and the largest one's memory.

    A core is one of the reference run: it takes as long for an operation of a paper as it took there.
    """
    of_gpu = 1e12 * published.cluster.gpu_teraflops
    lines = [
        "| paper | what grows, from | | operations | of a core | of a GPU | longest job, of a GPU | largest job |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for each in GROWTHS:
        if each.paper not in papers():
            continue
        paper, settings = papers()[each.paper], getattr(published, each.paper)
        head = f"| {paper.number} | {each.what}: {', '.join(_values(settings, each.keys))} |"
        spent = minutes(_seconds(made, each.paper))
        of_core = sum(operations(paper, works_of(paper, getattr(Config(), each.paper), 1))) / 60
        of_core /= spent["training"] + spent["measuring"]
        for larger in (1, 10, 100):
            grown = _grown(settings, each.keys, larger)
            whole = 1e12 * sum(job.teraflop for job in works_of(paper, grown, 1, each.part).values())
            jobs = works_of(paper, grown, published.execution.batches, each.part).values()
            longest, largest = (max(getattr(job, name) for job in jobs) for name in ("teraflop", "megabytes"))
            took = (_time(whole / of_core), _time(whole / of_gpu), _time(1e12 * longest / of_gpu))
            lines.append(f"{head} {larger}x | {_power(whole)} | {' | '.join(took)} | {largest / 1000:.1f} GB |")
            head = "| | |"
    return "\n".join([*lines, ""])


def works_of(paper: Paper, settings: Block, batches: int, only: str | None = None) -> dict[str, Work]:
    """The work of all jobs of a paper and of its parts, or of one part, as their `work.works` count it, each once."""
    parts = {artifact.home.rpartition(".")[0] for artifact in paper.artifacts} if only is None else {only}
    found: dict[str, Work] = {}
    for part in sorted(parts):
        package = f"{paper.package}.{part}" if part else paper.package
        if find_spec(f"{package}.work"):
            module = import_module(f"{package}.work")
            count: Callable[..., dict[str, Work]] = module.works
            given = (settings, batches)[: len(signature(count).parameters)]
            found |= {name: each for name, each in count(*given).items() if name not in getattr(module, "TOGETHER", ())}
    return found


def _grown(settings: Block, keys: tuple[str, ...], larger: int) -> Block:
    blocks: dict[str, Block] = {}
    for key in keys:
        name, _, place = key.partition(".")
        block = blocks.get(name, getattr(settings, name))
        value = getattr(block, place)
        more = tuple(larger * each for each in value) if isinstance(value, tuple) else larger * value
        blocks[name] = block.model_copy(update={place: more})
    return settings.model_copy(update=blocks)


def _values(settings: Block, keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        name, _, place = key.partition(".")
        value = getattr(getattr(settings, name), place)
        yield f"`{key}` {', '.join(map(str, value)) if isinstance(value, tuple) else value}"


def _power(number: float) -> str:
    """A number of operations.

    >>> _power(2.4e17), _power(0)
    ('2.4 · 10^17', '')
    """
    digits, _, exponent = f"{number:.1e}".partition("e")
    return f"{digits} · 10^{int(exponent)}" if number else ""


def _time(seconds: float) -> str:
    """A time, in what it is best told in.

    >>> _time(90), _time(7.2e4), _time(1e6), _time(1e9)
    ('90 s', '20 h', '12 days', '32 years')
    """
    for unit, size, until in (("s", 1.0, 120.0), ("min", 60.0, 120.0), ("h", 3600.0, 72.0), ("days", 86400.0, 1000.0)):
        if seconds / size < until:
            return f"{seconds / size:.2g} {unit}" if seconds / size < 10 else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400 / 365:,.0f} years"
