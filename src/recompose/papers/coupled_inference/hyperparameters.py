"""The diffusion methods and their hyperparameters: the paper's nine, and the choices it leaves open. No torch here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import ConfigDict, Field, ValidationError, model_validator

from recompose.blocks import Block
from recompose.errors import RecomposeError
from recompose.storage import read_csv


@dataclass(frozen=True)
class Variant:
    """The paper's two design choices (section 4.1)."""

    space: Literal["vector", "latent"]
    energy: Literal["gaussian", "similarity"]


VARIANTS = {
    "gaussian": Variant("vector", "gaussian"),
    "latent_gaussian": Variant("latent", "gaussian"),
    "similarity": Variant("vector", "similarity"),
    "latent_similarity": Variant("latent", "similarity"),
}
SYNCHRONOUS = {f"synchronous_{variant}": variant for variant in ("latent_gaussian", "similarity", "latent_similarity")}
"""The variants with all factors updated at once, searched by themselves: free to choose, these three searches end with
one factor after another, which can decide much by itself. That of GAUSSIAN ends with all at once."""
SEARCHED = (*VARIANTS, *SYNCHRONOUS)
"""What has hyperparameters of its own."""
PUBLISHED = Path("config/published/coupled_inference.csv")
TUNED = Path("config/tuned/coupled_inference.yaml")
TUNED_VERSION = 1
"""Version of the tuned file: it goes up when the meaning of a hyperparameter changes, so that old files are refused."""


class Hyperparameters(Block):
    """One configuration of a diffusion method. The first nine are the paper's (appendix C), the rest our readings."""

    model_config = ConfigDict(populate_by_name=True)

    eta: float = Field(gt=0, description="inverse guidance strength")
    schedule: Literal["constant", "linear", "snr", "sigma"] = Field(
        description="of the guidance strength over the steps"
    )
    cond_clip_ratio: float = Field(
        gt=0, description="largest norm of the guidance over that of the unconditional score"
    )
    sigma_0: float = Field(gt=0, description="standard deviation of the prior around each codebook vector")
    softmax_temp: float = Field(gt=0, description="factor on the logits of the softmax, as if the codebook were scaled")
    regularization: float = Field(ge=0, alias="lambda", description="weight of the norm in the similarity energy")
    steps: int = Field(ge=1, description="T, discretization steps of the diffusion")
    restarts: int = Field(ge=1, description="R, number of restarts")
    restart_ratio: float = Field(gt=0, le=1, description="rho, restart time over diffusion time")
    update: Literal["synchronous", "asynchronous"] = Field(
        "synchronous",
        description="all factors at once, or one after another with the newest estimates of the others",
    )
    amplitude: float = Field(
        1.0,
        gt=0,
        description="the first estimate is this times the mean of the codebook: large, the softmax saturates",
    )
    jacobian: bool = Field(False, description="whether the guidance passes through the Jacobian of Tweedie's estimate")
    projection: bool = Field(False, description="whether the guidance is projected with X X^T / D (vector space only)")
    centring: bool = Field(False, description="whether the mean of the codebook is taken off the denoised estimate")

    @property
    def restart_steps(self) -> int:
        """Steps from the restart time back to the data."""
        return floor_steps(self.restart_ratio, self.steps)

    @property
    def iterations(self) -> int:
        """kappa = R floor(rho T), the number of iterations in all (section 3.4)."""
        return self.restarts * self.restart_steps

    @model_validator(mode="after")
    def _restarts_move(self) -> Self:
        if self.restart_steps < 1:
            raise ValueError(f"restart_ratio = {self.restart_ratio} of steps = {self.steps} is less than one step")
        return self


def floor_steps(ratio: float, steps: int) -> int:
    """floor(rho T), against rounding.

    >>> floor_steps(0.3, 10)
    3
    """
    return int(ratio * steps + 1e-9)


def hyperparameters(source: str, folder: Path) -> dict[str, Hyperparameters]:
    """The configuration of every diffusion method: `published`, `tuned`, or from a `search` in the results folder."""
    if source == "published":
        return published_hyperparameters()
    if source == "tuned":
        return tuned_hyperparameters(TUNED)
    return {name: searched_hyperparameters(folder / "search" / f"{name}.yaml") for name in SEARCHED}


def published_hyperparameters(path: Path = PUBLISHED) -> dict[str, Hyperparameters]:
    """What appendix C.1 prints, with the open choices at their defaults: so it is synchronous in every row."""
    frame = read_csv(path, ["artifact", "method", "quantity", "value", "text"])
    frame = frame[frame.artifact == "table_search"]
    values: dict[str, dict[str, Any]] = {}
    for row in frame.to_dict("records"):
        values.setdefault(row["method"], {})[row["quantity"]] = (
            row["text"] if isinstance(row["text"], str) else row["value"]
        )
    printed = {variant: _validated(chosen, path, variant) for variant, chosen in values.items()}
    return printed | {name: printed[variant] for name, variant in SYNCHRONOUS.items()}


def tuned_hyperparameters(path: Path = TUNED) -> dict[str, Hyperparameters]:
    """What a full search found, as committed with its provenance."""
    content = _read_yaml(path)
    if content.get("version") != TUNED_VERSION:
        raise RecomposeError(
            f"{path}: version = {content.get('version')}, expected {TUNED_VERSION}: another version of recompose "
            "wrote it; restore the committed one, or search anew"
        )
    variants = content.get("variants")
    return {name: _found(variants.get(name) if isinstance(variants, dict) else None, path, name) for name in SEARCHED}


def searched_hyperparameters(path: Path) -> Hyperparameters:
    """What a search of this results tree found."""
    return _found(_read_yaml(path), path, path.stem)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecomposeError(
            f"{path}: no such file; run `snakemake coupled_inference_search`, or choose hyperparameters=published"
        ) from None
    except yaml.YAMLError as error:
        raise RecomposeError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise RecomposeError(f"{path}: expected a mapping")
    return content


def _found(result: Any, path: Path, variant: str) -> Hyperparameters:
    """What a search found. It writes every choice: where one is missing, the file has been cut short."""
    values = result.get("hyperparameters") if isinstance(result, dict) else None
    if not isinstance(values, dict):
        raise RecomposeError(f"{path}: {variant}: no hyperparameters; restore the file, or search anew")
    chosen = _validated(values, path, variant)
    missing = sorted(Hyperparameters.model_fields.keys() - chosen.model_fields_set)
    if missing:
        raise RecomposeError(f"{path}: {variant}: {missing[0]} is missing; restore the file, or search anew")
    if variant in SYNCHRONOUS and chosen.update != "synchronous":
        raise RecomposeError(f"{path}: {variant}: update = {chosen.update}; it has to be synchronous")
    return chosen


def _validated(values: dict[str, Any], path: Path, variant: str) -> Hyperparameters:
    try:
        return Hyperparameters.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise RecomposeError(
            f"{path}: {variant}: {key or 'hyperparameters'} = {first['input']}: {first['msg']}"
        ) from None
