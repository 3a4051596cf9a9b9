"""What the other files share: the output tree, its files by their names, what a rule records of what it reads."""

import json

from recompose.cli.config import check_values
from recompose.config import block
from recompose.machine import resolve_device
from recompose.papers import chosen, papers
from recompose.workflow.cluster import needs
from recompose.workflow.metadata import keep, take_over
from recompose.workflow.code import code_hash
from recompose.workflow.provenance import sidecar_of
from recompose.workflow.run import settle_dates, take
from recompose.storage import require_format

TREE = f"results/{settings.scale}"
BATCHES = settings.execution.batches
# Images take seconds at small: a job of several cores would wait until they are free, and all of its paper with it.
PROCESSES = 1 if settings.scale == "small" or BATCHES == 1 else 8
PAPERS = papers()
PLAIN = {slug: getattr(settings, slug).model_dump(mode="json") for slug in PAPERS}
CHOSEN = chosen(settings.artifacts)


def made(paper, *names):
    """Files of a paper, by their names in its folder."""
    return [f"{TREE}/{paper}/{name}" for name in names]


def csv(paper, *artifacts):
    """The numbers of artifacts."""
    return made(paper, *(f"{artifact}.csv" for artifact in artifacts))


def weights(paper, *networks):
    """Networks."""
    return made(paper, *(f"networks/{network}.safetensors" for network in networks))


def image_sets(paper, *names):
    """Sets of images."""
    return made(paper, *(f"images/{name}.safetensors" for name in names))


def real_images(paper, data):
    """The folders of real images that a set is read from. What is not there its job misses, in a line."""
    folders = [data.folders.get(source) for source in data.sources(PLAIN[paper])]
    return [folder for folder in folders if folder and Path(folder).exists()]


def parts(paper, artifact):
    """The shares of an artifact whose cells are dealt to several jobs."""
    return made(paper, *(f"parts/{artifact}.{batch}-of-{BATCHES}.csv" for batch in range(BATCHES)))


def measured(paper, artifact):
    """What measuring an artifact makes: its numbers, and the images that its figure shows."""
    return made(paper, f"{artifact.name}.csv", *[f"{artifact.name}.safetensors"] * artifact.pictures)


def shown(paper, artifact, form):
    """The files of a table or a figure."""
    ends = {"table": ["md"], "figure": ["png", "svg"]}[form]
    return made(paper, *(f"{artifact.name}.{end}" for end in ends))


def drawn(paper, artifact):
    """The rule that draws an artifact, if it is drawn."""
    return f"{paper}_{artifact.name}" + "_figure" * ("table" in artifact.forms) if "figure" in artifact.forms else None


def printed(paper, artifact):
    """The rule that prints an artifact, if it is printed. Tables that one function makes have one in common."""
    if "table" not in artifact.forms:
        return None
    if artifact.function:
        return f"{paper}_{artifact.function}s"
    return f"{paper}_{artifact.name}" + "_table" * ("figure" in artifact.forms)


def tables_by_rule(paper):
    """The names of the tables that each rule prints."""
    found = {}
    for artifact in PAPERS[paper].artifacts:
        if "table" in artifact.forms:
            found.setdefault(printed(paper, artifact), []).append(artifact.name)
    return found


def caption(slug, artifact):
    """What people read below an artifact; made on stand-ins by this configuration, it says so."""
    return PAPERS[slug].caption(artifact, PLAIN[slug])


def captions():
    """What the report says of the outputs of each rule that draws or prints."""
    found = {}
    for slug, paper in PAPERS.items():
        found |= {drawn(slug, each): caption(slug, each) for each in paper.artifacts if "figure" in each.forms}
        for printer, names in tables_by_rule(slug).items():
            said = [caption(slug, paper.artifact(name)) for name in names]
            found[printer] = "\n".join(f"- {name}: {each}" for name, each in zip(names, said)) if said[1:] else said[0]
    return found


def published(paper):
    """The numbers that a paper prints, if it prints any."""
    path = f"config/published/{paper}.csv"
    return [path] if Path(path).exists() else []


def everything(paper):
    """All numbers, tables and figures of a paper."""
    return [*numbers(paper), *(path for form in ("table", "figure") for path in all_shown(paper, form))]


def numbers(paper):
    """All numbers of a paper."""
    return csv(paper.slug, *(each.name for each in paper.artifacts))


def all_shown(paper, form):
    """All tables or figures of a paper."""
    return [path for each in paper.artifacts if form in each.forms for path in shown(paper.slug, each, form)]


def sidecar(artifact):
    """Where the provenance of an artifact stands."""
    return str(sidecar_of(artifact, TREE))


def sidecars(artifacts):
    """Those of several."""
    return [sidecar(artifact) for artifact in artifacts]


def reads(paper, *keys):
    """The configuration that a rule reads, as the JSON that its command takes; a change in it is a reason to rerun."""
    text = json.dumps(block(settings, paper, *keys), separators=(",", ":"))

    def as_it_is(wildcards):
        """Snakemake would look for wildcards in the braces of a text."""
        return text

    return as_it_is


def code(paper, *modules):
    """The hash of some modules of a paper, or of functions of these (`module:name`)."""
    return code_hash(*(f"{PAPERS[paper].package}.{each}" for each in modules))


def asks(work=None, gpu=False):
    """The resources of a job: by its work, if that is known, and a GPU where it wants one."""
    return needs(settings.cluster, work, gpu)


def place_in_the_queue(rule):
    """What a rule's jobs are ordered by: later papers come later, and within one a rule's own priority counts."""
    number = next((number for number, slug in enumerate(PAPERS) if rule.name.startswith(slug)), len(PAPERS))
    local = rule.name in workflow._localrules  # `is_local` says so of all where there is no cluster
    return -number, local, rule.priority


def go_by_results():
    """Learn of results that were put here by other means than a run, before Snakemake decides what to rerun."""
    try:
        for path in take_over(Path(TREE)):
            logger.warning(f"{path}: not as it was made, or not from these results; it is made again")
    except RecomposeError as error:
        sys.exit(f"error: {error}")


def end():
    """Leave beside the results what Snakemake knows of them."""
    try:
        keep(Path(TREE))
    except RecomposeError as error:
        logger.warning(f"the next run will have to look at all results anew: {error}")


def begin():
    """Refuse, before a job starts, what models of settings cannot see: method names, weights, the device, the output tree.

    The tree may be of another version, read-only, or in the hands of another run. Snakemake's own lock, switched off
    in the profiles, would outlive a killed run, and the same command would not go on.
    """
    try:
        check_values(settings)
        if settings.device == "cuda" and workflow.local_exec:
            resolve_device("cuda")  # on a cluster it is the jobs' machines that have it
        require_format(TREE)
        take(TREE)
        settle_dates(TREE)
    except RecomposeError as error:
        sys.exit(f"error: {error}")
    if AHEAD:
        more = f" and {len(AHEAD) - 1} more are" if len(AHEAD) > 1 else " is"
        logger.warning(f"{AHEAD[0]}{more} dated in the future: was the clock set back? touch dates them anew")


NUMBERS = [path for paper in CHOSEN.values() for path in numbers(paper)]
TABLES = [path for paper in CHOSEN.values() for path in all_shown(paper, "table")]
FIGURES = [path for paper in CHOSEN.values() for path in all_shown(paper, "figure")]
NOTEBOOKS = [f"{TREE}/notebooks/{slug}.html" for slug in CHOSEN]
CLAIMS = [f"config/claims/{slug}.yaml" for slug in PAPERS]
PUBLISHED = [path for slug in PAPERS for path in published(slug)]

config["captions"] = captions()

if workflow.is_main_process:
    go_by_results()


def banner(state):
    """What a run is and where to look, in a few lines."""
    page = Path(TREE, "index.html")
    lines = [
        f"recompose: {state}",
        f"  command  {' '.join(['snakemake', *sys.argv[1:]])}",
        f"  scale    {settings.scale}",
        f"  outputs  {TREE}",
        f"  logs     {TREE}/logs",
    ]
    return "\n".join([*lines, f"  page     {page}"] if page.exists() else lines)
