"""The denoiser of portraits and an encoder as one SAMI. No torch: the workflow reads it."""

from recompose.papers.sami.settings import Autoencoder, Encoding, FrozenDenoiser


def joined(denoiser: FrozenDenoiser, encoder: Encoding, *, uniform: bool = False) -> Autoencoder:
    """Both as one SAMI; uniform: with steps that are drawn uniformly."""
    both = denoiser.model_dump(include={"base", "multipliers", "middle", "noise", "steps"}) | encoder.model_dump()
    return Autoencoder(**both | ({"timesteps": 1.0} if uniform else {}))
