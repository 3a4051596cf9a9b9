"""Operations of an image's way through the networks, and how many trainings a search may take. No torch: the workflow
reads it."""

from recompose.papers.sami.settings import Autoencoder

RAISES = 3
"""How often at most the search for a weight at which latents collapse goes on above the weights that are asked for."""


def passes(size: int, settings: Autoencoder, channels: int = 1) -> tuple[float, float]:
    """Operations of an image's way through the encoder, and through the denoiser."""
    strided = settings.of in ("disks", "dsprites")
    encoder = _strided(size, settings.encoder, channels) if strided else _half(size, settings.encoder, channels)
    return encoder, _denoising(size, settings, channels)


def _denoising(size: int, settings: Autoencoder, channels: int) -> float:
    """Two convolutions a level, down and up, where they see both ways; the step's channel comes from 64 numbers."""
    *widths, middle = (settings.base * each for each in (*settings.multipliers, settings.middle))
    side, inputs, total = size, channels + 1, 2.0 * 64 * size**2
    for width in widths:
        total += 2 * 9 * side**2 * (inputs * width + width**2)
        inputs, side = width, side // 2
    total += 2 * 9 * side**2 * (inputs * middle + middle**2)
    below = middle
    for level, width in reversed(list(enumerate(widths))):
        side *= 2
        total += 2 * side**2 * (below * width + 9 * width * (2 * width + (width if level else channels)))
        below = width
    return total


def decoding(size: int, settings: Autoencoder, channels: int = 1) -> float:
    """Operations of the decoder that makes an image of z: the widths of the denoiser, upwards."""
    widths = [settings.base * each for each in (1, *settings.multipliers[1:], settings.middle)]
    side = size // 2 ** (len(widths) - 1)
    total = 2.0 * settings.latents * widths[-1] * side**2 + 2 * 9 * side**2 * widths[-1] ** 2
    for below, width in zip(widths[:0:-1], widths[-2::-1], strict=True):
        side *= 2
        total += 2 * side**2 * (below * width + 9 * width**2)
    return total + 2 * 9 * size**2 * widths[0] * channels


def _strided(side: int, widths: tuple[int, ...], inputs: int) -> float:
    """Convolutions of stride 2."""
    total = 0.0
    for width in widths:
        side = (side + 1) // 2
        total += 2 * 9 * side**2 * inputs * width
        inputs = width
    return total


def _half(side: int, widths: tuple[int, ...], inputs: int) -> float:
    """Two convolutions a level, the side halved after each; the last level's second one returns to the first width."""
    total = 0.0
    for number, width in enumerate(widths):
        last = number == len(widths) - 1
        total += 2 * 9 * side**2 * (inputs * width + width * (widths[0] if last else width))
        inputs, side = width, side // 2
    return total
