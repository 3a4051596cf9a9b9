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
SCORES = {
    "modularity": "modularity",
    "disentanglement": "DCI disentanglement",
    "completeness": "DCI completeness",
    "informativeness": "DCI informativeness",
    "divergence": "divergence of a posterior, nats",
}
"""Of latents of dSprites, in the order of the table."""
