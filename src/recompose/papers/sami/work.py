"""How much work the jobs of paper 3 are, from the settings alone: on a cluster they ask for time and memory by it.

Convolutions are counted. No torch: the workflow reads it.
"""

from recompose.artifacts import Work
from recompose.papers.sami.names import BRIEF, baselines
from recompose.papers.sami.passes import RAISES, passes
from recompose.papers.sami.portraits.joined import joined
from recompose.papers.sami.settings import Autoencoder, Faces, Judge, Sami, SpriteMeasures

ACTIVATIONS = 40
"""Numbers that training keeps for every channel and place of a level."""

PRETRAINED = 5e11
"""About the operations of google/ddpm-celebahq-256 on an image."""


def works(paper: Sami) -> dict[str, Work]:
    """The work of each network and of the jobs that ask it."""
    size, settings, measures = paper.disks.size, paper.disks_networks, paper.disks_measures
    encoder, denoiser = passes(size, settings)
    trained, held = training(size, paper.disks.train, settings)
    faces, faces_held = training(paper.faces.size, paper.faces.train, paper.faces_networks)
    trainings = len(paper.disks_collapse.weights) + RAISES + paper.disks_collapse.halvings
    sampled = 1e-12 * (2 * encoder + denoiser) * measures.sampling_steps * measures.conditions * measures.samples
    sprites, sprites_held = training(paper.dsprites.size, paper.dsprites.train, paper.dsprites_networks)
    sprites_held += 1e-6 * paper.dsprites.size**2 * (paper.dsprites.train + paper.dsprites.test)  # a job reads them all
    further, scores = paper.dsprites_trainings, paper.dsprites_scores
    sprite_encoder, sprite_denoiser = passes(paper.dsprites.size, paper.dsprites_networks)
    along = 1e-12 * (2 * sprite_encoder + sprite_denoiser) * scores.moves * scores.runs
    return {
        "disks_networks": Work(trained * settings.epochs, 0, held),
        "disks_control": Work(trained * settings.epochs / 2, 0, held),
        "figure2": Work(0.1 * sampled, 1, held),
        "disks": Work(sampled, 1, held),
        "collapse": Work(trained * paper.disks_collapse.epochs * trainings, 1, held),
        "theory": Work(0, 1, 100),
        "faces_networks": Work(faces * paper.faces_networks.epochs, 0, faces_held),
        "dsprites_networks": Work(sprites * paper.dsprites_networks.epochs, 0, sprites_held),
        "dsprites_trainings": Work(sprites * paper.dsprites_networks.epochs * (further.count - 1), 0, sprites_held),
        "dsprites_vaes": Work(sprites / 3 * further.vae_epochs * 2 * further.count, 0, sprites_held),
        "dsprites": Work(0, evaluation(paper.dsprites_measures, further.count), sprites_held),
        "figure6": Work(along, 1, sprites_held),
        "time_input": Work(trained * paper.disks_time_input.epochs * 2 * paper.disks_time_input.trainings, 1, held),
        **_of_faces(paper),
        "faces_judge": Work(_judged(paper.faces, paper.faces_judge), 0, 100),
        **_compared(paper),
        "beyond": Work(
            sprites * paper.dsprites_networks.epochs * further.count + faces * paper.faces_baselines.epochs,
            evaluation(paper.dsprites_measures, further.count),
            max(sprites_held, faces_held),
        ),
        **_frozen(paper),
    }


def _frozen(paper: Sami) -> dict[str, Work]:
    """Of portraits: 3 passes of the denoiser an image for itself, 9 of an encoder and 1 of it for one, 3 of both for
    DiffAE."""
    size, channels, images = paper.portraits.size, paper.portraits.channels, paper.portraits.train
    of, told, measures = paper.portraits_networks, paper.portraits_denoiser, paper.portraits_measures
    both = joined(told, of)
    encoder, denoiser = passes(size, both, channels)
    held = training(size, images, both, channels)[1]
    frozen = PRETRAINED if told.pretrained else denoiser
    once = 1e-12 * images * (9 * encoder + frozen)
    choices = paper.portraits_choices
    trainings = len(choices.weights) + len(choices.latents) + len(choices.timesteps)
    tested = 1e-12 * paper.portraits.test * measures.levels * (3 * encoder + frozen)
    sampled = 1e-12 * (3 * encoder + frozen) * measures.sampling_steps * measures.conditions * measures.samples
    return {
        "portraits_denoiser": Work(0 if told.pretrained else 3e-12 * images * denoiser * told.epochs, 0, held),
        "portraits_networks": Work(once * of.epochs, 0, held),
        "portraits_uniform": Work(once * of.epochs, 0, held),
        "portraits_diffae": Work(3e-12 * images * (encoder + denoiser) * of.epochs, 0, held),
        "figure4": Work(sampled / 2, 1 + paper.videos.count / 50, held),
        "portraits": Work(2 * (tested * measures.repeats + sampled), 1, held),
        "choices": Work(trainings * (once * choices.epochs + tested), 1, held),
    }


def _compared(paper: Sami) -> dict[str, Work]:
    """SAMI's baselines, 3 passes of the encoder and the denoiser an image, a brief SAMI, and what asks them all."""
    size, settings, asked = paper.faces.size, paper.faces_networks, paper.faces_comparison
    encoder, denoiser = passes(size, settings, paper.faces.channels)
    trained, held = training(size, paper.faces.train, settings, paper.faces.channels)
    epochs = paper.faces_baselines.epochs
    of_baseline = 3e-12 * (encoder + denoiser) * paper.faces.train * epochs
    sampled = 1e-12 * asked.samples * asked.sampling_steps * (4 * encoder + 6 * denoiser)
    latents = 1e-12 * encoder * (2 + len(baselines())) * (paper.faces.train + paper.faces.test)
    return {
        f"faces_{BRIEF}": Work(trained * epochs, 0, held),
        **{f"faces_{name}": Work(of_baseline, 0, held) for name in baselines()},
        "comparison": Work(sampled + latents, 2, held),
        "participation": Work(latents, 1, held),
    }


def _of_faces(paper: Sami) -> dict[str, Work]:
    """What is sampled by the latents of faces."""
    asked, settings = paper.faces_measures, paper.faces_networks
    encoder, denoiser = passes(paper.faces.size, settings, paper.faces.channels)
    _, held = training(paper.faces.size, 1, settings, paper.faces.channels)
    each = 1e-12 * (2 * encoder + denoiser) * asked.sampling_steps
    counts = {
        "figure3": 2 * settings.latents * asked.moved,
        "faces": 4 * asked.conditions * asked.samples + 9 * asked.pairs,
        "figure5": asked.spread_conditions * asked.spread_samples,
        "figure7": asked.conditions,
    }
    return {name: Work(each * count, 1, held) for name, count in counts.items()}


def _judged(faces: Faces, judge: Judge) -> float:
    """Teraflop of a judge's training: a pass and its gradient, 3 passes, of every image of a step."""
    return 3e-12 * 20 * faces.size**2 * judge.width**2 * judge.batch * judge.iterations


def evaluation(measures: SpriteMeasures, trainings: int) -> float:
    """Minutes of all evaluations of three methods: 5 rounds of DCI with 1000 images take 2.5 s, beside the device."""
    return 3 * trainings * measures.repeats * 2.5 / 60 * measures.rounds / 5 * measures.fitted / 1000


def training(size: int, images: int, settings: Autoencoder, channels: int = 1) -> tuple[float, float]:
    """Teraflop of an epoch, 9 passes of the encoder and 3 of the denoiser an image, and megabytes held meanwhile."""
    encoder, denoiser = passes(size, settings, channels)
    held = 4e-6 * ACTIVATIONS * settings.batch * settings.base * size**2
    return 1e-12 * (9 * encoder + 3 * denoiser) * images, held
