"""Appendix B as numbers: what its formulas say, beside what is found without them."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.optimize import brentq, minimize
from torch import Tensor

from recompose.metrics.intervals import student_interval
from recompose.papers.sami.data import SLUG, load_images
from recompose.papers.sami.encoders import StridedEncoder
from recompose.papers.sami.guidance import guidance_score
from recompose.papers.sami.informativeness import ratio
from recompose.papers.sami.networks import control_from_file, from_file
from recompose.papers.sami.posterior import Encoder, Posterior
from recompose.papers.sami.settings import Autoencoder, Theory
from recompose.papers.sami.theory import formulas
from recompose.randomness import numpy_generator, torch_generator
from recompose.sweeps import Row

AXES = (0.05, 0.2, 0.8, 3.2)
"""Variances of the data along the axes of the linear-Gaussian case."""
NOISES = tuple(np.geomspace(0.1, 3, 25).tolist())
"""beta, of x = x_0 + beta eps."""


def theory(*, folder: Path, device: str, disks_networks: Autoencoder, theory: Theory) -> pd.DataFrame:
    """Rows: a `check`, of what (`case`), at which noise or variance (`at`); what is found, and what is expected.

    `score`: the largest relative difference of B.1's score from that by automatic differentiation, with its factor 1/2
    and as printed. `precision`: a = |w|^2 / s^2 of each axis that minimizes L_2 + L_3 (B.1, B.2), by a search.
    `switch`: the noise at which an axis switches on. `reward`: L_2 of the linear-Gaussian case, 0 in the text. `count`:
    active latents of the linear VAE (B.3), by a numerical search. `roughness`: |J(x + d) - J(x)|^2 / (|d|^2 |J(x)|^2)
    of the encoder and of its control, the same one trained with an ordinary decoder, the mean over images; `pooled`:
    the same of the two means over images, so that those whose Jacobian is small do not outweigh the others.
    """
    rows = [*_score_rows(), *_switch_rows(), *_count_rows()]
    return pd.DataFrame([*rows, *_roughness_rows(folder, device, disks_networks, theory)])


def _row(check: str, case: str, at: float, value: float, expected: float, low: float, high: float) -> Row:
    return {
        "check": check,
        "case": case,
        "at": at,
        "value": value,
        "expected": expected,
        "ci_low": low,
        "ci_high": high,
    }


def _exact(check: str, case: str, at: float, value: float, expected: float) -> Row:
    return _row(check, case, at, value, expected, value, value)


def _score_rows() -> list[Row]:
    """B.1's score of a small encoder at some images, against automatic differentiation."""
    encoder = StridedEncoder((SLUG, "check", "encoder"), size=8, widths=(8, 8), latents=3).double().eval()
    generator = torch_generator(SLUG, "check", "score")
    differences: dict[str, list[float]] = {"corrected": [], "printed": []}
    for _ in range(8):
        x = torch.randn(1, 1, 8, 8, generator=generator).double()
        z = torch.randn(1, 3, generator=generator).double()
        found = guidance_score(encoder, x, z).flatten()
        outputs = Posterior(*(each.detach() for each in encoder(x, None)))
        jacobians = [
            torch.autograd.functional.jacobian(lambda y, part=part: encoder(y, None)[part][0], x).flatten(1)  # type: ignore[no-untyped-call]
            for part in (0, 1)
        ]
        for case, printed in (("corrected", False), ("printed", True)):
            formula = formulas.score(z[0], outputs.mean[0], outputs.variance[0], *jacobians, printed=printed)
            differences[case].append(float((formula - found).norm() / found.norm()))
    return [_exact("score", case, 0.0, max(values), 0.0) for case, values in differences.items()]


def _switch_rows() -> list[Row]:
    """The linear-Gaussian case of B.1 and B.2, along each axis of the data."""
    rows = []
    for variance in AXES:
        of_axis = torch.tensor([variance], dtype=torch.float64)
        for beta in NOISES:
            expected = float(formulas.axis_precision(of_axis, beta)[0])
            rows.append(_exact("precision", f"c = {variance:g}", beta, _best_precision(variance, beta), expected))
        # The objective of a precision falls from zero on exactly where its slope there is negative.
        switched = brentq(lambda beta, c=variance: _slope(c, beta), 1e-2, 10.0, xtol=1e-12)
        rows.append(
            _exact("switch", f"c = {variance:g}", variance, switched, float(formulas.characteristic_noise(of_axis)[0]))
        )
    covariance = torch.diag(torch.tensor(AXES, dtype=torch.float64))
    weights = torch.eye(len(AXES), dtype=torch.float64)
    return [*rows, _exact("reward", "L_2", 0.5, float(formulas.reward(weights, covariance, 0.5, 1.0)), 0.0)]


def _objective(precision: float, variance: float, beta: float) -> float:
    """L_2 + L_3 of one axis, by w with w^2 / s^2 = a."""
    weights = torch.tensor([[max(precision, 0.0) ** 0.5]], dtype=torch.float64)
    covariance = torch.tensor([[variance]], dtype=torch.float64)
    return float(formulas.reward(weights, covariance, beta, 1.0) + formulas.penalty(weights, beta, 1.0))


def _slope(variance: float, beta: float) -> float:
    step = 1e-6
    return (_objective(step, variance, beta) - _objective(0.0, variance, beta)) / (step * beta**4)


def _best_precision(variance: float, beta: float) -> float:
    scale = 1 / beta**2
    found = minimize(
        lambda a: _objective(float(a[0]) * scale, variance, beta) / beta**2, [0.5], bounds=[(0, None)], tol=1e-14
    )
    return float(found.x[0]) * scale


GAMMAS = tuple(np.geomspace(0.02, 8, 13).tolist())
"""Variances of the decoder of the linear VAE."""


def _count_rows() -> list[Row]:
    """B.3: the latents that the best linear VAE uses, found by minimizing its exact objective from a random start."""
    eigenvalues = torch.tensor(AXES, dtype=torch.float64)
    expected = formulas.active_dimensions(eigenvalues, torch.tensor(GAMMAS, dtype=torch.float64))
    return [
        _exact("count", "active latents", gamma, _active(eigenvalues, gamma), float(known))
        for gamma, known in zip(GAMMAS, expected.tolist(), strict=True)
    ]


def _active(eigenvalues: Tensor, gamma: float) -> float:
    """Latents whose decoder reaches an image at the optimum: columns of W that are not zero."""
    d = len(eigenvalues)
    generator = torch_generator(SLUG, "check", "linear", f"{gamma:g}")
    mixing, *_ = torch.linalg.qr(torch.randn(d, d, generator=generator, dtype=torch.float64))
    covariance = mixing @ torch.diag(eigenvalues) @ mixing.T
    weights = torch.randn(d, d, generator=generator, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], lr=1, max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-15,
                                  line_search_fn="strong_wolfe")  # fmt: skip

    def objective() -> Tensor:
        """-2 log p(x), the ELBO being tight at the best linear encoder: pPCA."""
        model = weights @ weights.T + gamma * torch.eye(d, dtype=torch.float64)
        return torch.logdet(model) + torch.trace(torch.linalg.solve(model, covariance))

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = objective()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return float((torch.linalg.svdvals(weights.detach()) ** 2 > 1e-3 * gamma).sum())


def _roughness_rows(folder: Path, device: str, settings: Autoencoder, theory: Theory) -> list[Row]:
    data = load_images(folder, "disks")
    x = data.test[: theory.images].to(device)
    generator = torch_generator(SLUG, "theory", "roughness")
    step = theory.distance * torch.randn(x.shape, generator=generator).to(device)
    probes = torch.randn((theory.probes, settings.latents), generator=generator).to(device)
    encoders = {
        "SAMI": from_file(folder, "disks_networks", data.train, settings, device).encoder,
        "control": control_from_file(folder, data.train, settings, device).encoder,
    }
    rows = []
    for case, encoder in encoders.items():
        found = formulas.roughness(partial(_mean, encoder), x, step, probes)
        both = torch.stack([found.change, found.size], dim=1).double().cpu().numpy()
        mean, low, high = student_interval(both[:, 0] / both[:, 1])
        rows.append(_row("roughness", case, theory.distance, mean, 0.0, low, high))
        mean, low, high = ratio(both, numpy_generator(SLUG, "theory", "pooled", case))
        rows.append(_row("pooled", case, theory.distance, mean, 0.0, low, high))
    return rows


def _mean(encoder: Encoder, x: Tensor) -> Tensor:
    return encoder(x, None).mean
