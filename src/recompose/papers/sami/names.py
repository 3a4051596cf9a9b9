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

ON_FACES = {
    "variability": "mean square deviation from the mean, per pixel",
    "scatter": "deviation of squared distances from the mean",
    "relaxed": "variability over that with all constraints, without some",
    "attributes": "attributes that samples keep",
    "kept": "judged as the own condition, more often than as another",
    "error": "error of the noise, guided over unguided",
    "modes": "effective modes of a posterior's variances, over latents",
    "growing": "latents that are less certain of noise than of images",
    "order": "rank correlation of latents' variances at both ends of the noise",
    "volume": "correlation of log |Sigma| and the log variance of the noise",
    "jump": "largest step of an interpolation over the mean one",
}
"""What is measured on faces, in the order of the table."""
