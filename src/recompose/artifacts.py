"""What a paper makes, as one table: `recompose.papers.<slug>.artifacts.PAPER`. No torch: the workflow reads it.

From the table come the rules that draw, print and name targets, the commands, the captions, DVC's stages and plots, the
order of the page, and the columns by which two runs are compared. How numbers are computed stands in rules of their
own. A method never imports its paper's table: what it has to know is handed to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from recompose.errors import RecomposeError, nearest

Form = Literal["table", "figure"]
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Lines:
    """Numbers of an artifact that `dvc plots` draws as lines, those of several versions over each other."""

    title: str
    template: str
    """.dvc/plots/<template>.json"""
    x: str
    y: str


@dataclass(frozen=True)
class Artifact:
    """A table, a figure, or mere numbers that others are made from: `<artifact>.csv`, and how it is shown."""

    name: str
    title: str
    """what it is, in a few words"""
    caption: str
    index: tuple[str, ...]
    """columns that say what a row is about; what else is in a row was measured there"""
    forms: tuple[Form, ...] = ()
    reads: tuple[str, ...] = ()
    """blocks of the paper's configuration"""
    value: str = "mean"
    """the measured column that claims and notebooks mean where they name none"""
    networks: tuple[str, ...] = ()
    """those it is measured with, the one under study first"""
    sources: tuple[str, ...] = ()
    """artifacts from whose numbers it is made, instead of by measuring"""
    sees: tuple[str, ...] = ()
    """artifacts whose pictures it is made from; its function takes them after the numbers"""
    files: tuple[str, ...] = ()
    """files of the repository that its numbers are made from, besides settings: printed numbers, hyperparameters"""
    pictures: bool = False
    """whether its figure shows images, which are kept beside the numbers as `<artifact>.safetensors`"""
    gpu: bool = False
    """whether measuring it wants a GPU"""
    stand_in: str = ""
    """the set of images that it is made on, the main one of several, where that may stand in for the paper's"""
    module: str = ""
    """the module of its function; empty: `experiments`, or `aggregation` where it has sources. One in a package of its
    own (`rooms.experiments`) is drawn and printed there, too"""
    function: str = ""
    """its function, where several artifacts have one, which is told the name; empty: one of its own name"""
    lines: Lines | None = None

    @property
    def home(self) -> str:
        """The module of its function."""
        return self.module or ("aggregation" if self.sources else "experiments")

    @property
    def computed_by(self) -> str:
        """Its function: `module:name`."""
        return f"{self.home}:{self.function or self.name}"

    def shown_by(self, form: Form) -> str:
        """The function that draws or prints it: `module:name`. Tables that one function computes, one prints."""
        package = self.module.rpartition(".")[0]
        where = f"figures:{self.name}" if form == "figure" else f"tables:{self.function or self.name}"
        return f"{package}.{where}" if package else where


@dataclass(frozen=True)
class DataSet:
    """A set of images that networks are trained on."""

    title: str
    reads: tuple[str, ...] = ()
    module: str = "images"
    """that of the function `images`, which makes it"""
    file: str = ""
    """the numbers whose record tells of it, where it has no file of its own"""
    source: str = "source"
    """the setting of a block that it reads by which its images are generated ones or real ones"""
    folders: Mapping[str, str] = field(default_factory=dict)
    """by the value of that setting the folder of real images, where they are read from one"""
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """by the value of that setting a sentence: what is said of all that is made on images which stand in for others"""

    def sources(self, settings: Mapping[str, Any]) -> list[str]:
        """Where its images are from, by the settings of its paper."""
        return [settings[block][self.source] for block in self.reads if self.source in settings[block]]

    def told(self, settings: Mapping[str, Any]) -> str:
        """What is to be said of what is made on it: nothing where the images are the paper's."""
        said = [self.stand_ins.get(source, "") for source in self.sources(settings)]
        return " ".join(dict.fromkeys(filter(None, said)))


@dataclass(frozen=True)
class Network:
    """A file of weights."""

    reads: tuple[str, ...] = ()
    data: str | None = None
    """the data set it is trained on, where that is a file"""
    module: str = "networks"
    """that of the function `networks`, which trains it"""
    networks: tuple[str, ...] = ()
    """those that it is trained with, which stand before it"""


@dataclass(frozen=True)
class Kept:
    """What DVC shows beside the stages: models and settings, by their paths."""

    path: str
    type: Literal["model", "settings"]
    title: str


@dataclass(frozen=True)
class Paper:
    """One paper: what it makes, in the order people read it."""

    slug: str
    number: int
    """its place among the papers"""
    name: str
    """how it is called in a word or two"""
    artifacts: tuple[Artifact, ...]
    data: Mapping[str, DataSet] = field(default_factory=dict)
    networks: Mapping[str, Network] = field(default_factory=dict)
    kept: Mapping[str, Kept] = field(default_factory=dict)
    unkept: Mapping[str, DataSet] = field(default_factory=dict)
    """sets of images that are made where they are measured, and kept in no file"""
    probe: tuple[str, ...] = ()
    """artifacts that show cheaply whether all of the paper works, from its data to the page"""

    @property
    def package(self) -> str:
        """Where its code is."""
        return f"recompose.papers.{self.slug}"

    @property
    def command(self) -> str:
        """What its commands begin with, after `recompose`."""
        return self.slug.replace("_", "-")

    @property
    def sets(self) -> dict[str, DataSet]:
        """All its sets of images."""
        return {**self.data, **self.unkept}

    def artifact(self, name: str) -> Artifact:
        """The artifact of this name."""
        return pick({artifact.name: artifact for artifact in self.artifacts}, name, f"artifact of {self.slug}")

    def only(self, names: Iterable[str]) -> "Paper":
        """The same paper with some artifacts, what these are made from, and the networks and data sets they take."""
        needed, todo = set[str](), list(names)
        while todo:
            name = todo.pop()
            needed.add(name)
            todo += [*self.artifact(name).sources, *self.artifact(name).sees]
        artifacts = tuple(artifact for artifact in self.artifacts if artifact.name in needed)
        used = {network for artifact in artifacts for network in artifact.networks}
        for name, network in reversed(list(self.networks.items())):
            used.update(network.networks if name in used else ())
        networks = {name: network for name, network in self.networks.items() if name in used}
        sets = {network.data for network in networks.values()} | {artifact.stand_in for artifact in artifacts}
        data = {name: each for name, each in self.data.items() if name in sets}
        return replace(self, artifacts=artifacts, networks=networks, data=data)

    def having(self, form: Form) -> list[str]:
        """The names of the artifacts that have a form."""
        return [artifact.name for artifact in self.artifacts if form in artifact.forms]

    def record_of(self, name: str) -> str:
        """The file in its folder whose record tells what a set of images was made with."""
        return f"images/{name}.safetensors" if name in self.data else self.unkept[name].file

    def told_of_data(self, artifact: Artifact, settings: Mapping[str, Any]) -> str:
        """What is to be said of an artifact's data, by the paper's settings: whose stand-ins they are, if any."""
        return self.sets[artifact.stand_in].told(settings) if artifact.stand_in else ""

    def caption(self, artifact: Artifact, settings: Mapping[str, Any]) -> str:
        """What people read below it, wherever it is shown: made on stand-ins it says so."""
        return " ".join(filter(None, [artifact.caption, self.told_of_data(artifact, settings)]))


def pick(known: Mapping[str, Entry], name: str, what: str) -> Entry:
    """What has a name; an unknown name is told with the nearest one."""
    if name not in known:
        raise RecomposeError(f"{name}: no {what}; {nearest(name, known)}")
    return known[name]


@dataclass(frozen=True)
class Work:
    """What a job does, on the device and beside it: on a cluster it asks for time and memory by it."""

    teraflop: float
    """10^12 multiplications and additions"""
    minutes: float
    """on one core of the processor, whatever the device"""
    megabytes: float
    """of memory, beyond what every job of Python and torch takes"""
