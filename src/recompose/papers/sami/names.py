"""What is measured of latents, as people call it."""

QUANTITIES = {
    "divergence": "divergence of a posterior, nats",
    "active": "active latents",
    "spread": "spread of the means of all positions",
    "uncertainty": "deviation of a posterior",
    "position": "R^2 of positions, linear in the latents",
    "angle": "|cos| of the directions of two factors",
    "variability": "deviation from the mean image",
    "error": "error of the noise, guided over unguided",
}
"""In the order of the table."""

METHODS = {"pixels": "pixels", "DiffAE": "DiffAE", "SAMI": "SAMI", "untrained": "untrained\nencoder"}
"""Whose codes of videos are compared, in the order of Figure 4C, and how they are called there."""
CHOICES = {
    "captured": "captured attributes",
    "tad": "total AUROC\ndifference",
    "gap": "best less second\nbest latent, AUROC",
    "divergence": "divergence, nats",
    "error": "error, guided\nover unguided",
}
"""What is measured of every choice."""
