"""How well the guided network denoises (section 5.1): Figures 2 and 3, and what learned factors add."""

import pandas as pd
import torch
from torch import Tensor

from recompose.metrics.classes import centroids, deviations
from recompose.metrics.texture_statistics import texture_statistics
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.guidance import (
    MEMBERS,
    Bench,
    along,
    denoise,
    features,
    noise,
    psnr,
)
from recompose.papers.feature_guidance.names import ONE_TEXTURE
from recompose.papers.feature_guidance.rows import evenly
from recompose.storage import Measured

NONE = "none"


def figure2(bench: Bench, *, denoised: configuration.Denoised) -> Measured:
    """An image of each of some classes, denoised under the condition of each class and under none (-1).

    Under wrong conditions: where the denoised image lies on the line from the mean of its own class (0) to that of the
    condition's (1), and `pull`, how much further on than what the mixture's denoiser makes of the same noisy image; by
    the features of the guided network, and by texture statistics that no network made, each of these in units of its
    standard deviation within the classes.
    """
    labels = evenly(bench.classes, max(denoised.measured, denoised.classes))
    shown = evenly(len(labels), denoised.classes)
    clean = torch.cat([bench.members(label, 1, test=True) for label in labels])
    conditions = torch.stack([bench.condition(label) for label in labels])
    members = [bench.members(label, MEMBERS) for label in labels]
    means = {"": torch.stack([features(bench.network, each).mean(dim=0) for each in members])}
    known = texture_statistics(torch.cat(members).cpu().numpy())
    of = torch.arange(len(labels)).repeat_interleave(torch.tensor([len(each) for each in members])).numpy()
    scale = deviations(known, of)
    means["_statistics"] = torch.from_numpy(centroids(known, of) / scale)

    def vectors(images: Tensor) -> dict[str, Tensor]:
        statistics = torch.from_numpy(texture_statistics(images.cpu().numpy()) / scale)
        return {"": features(bench.network, images), "_statistics": statistics}

    images = {"clean": clean[shown], "conditions": torch.cat([members[place][:1] for place in shown])}
    rows = []
    for level in denoised.levels:
        noisy = clean + level * noise(clean.shape, "figure2", level).to(bench.device)
        free = denoise(bench.networks["mixture"], noisy, level=level)
        images |= {f"noisy {level:g}": noisy[shown], f"denoised {level:g} {NONE}": free[shown]}
        freely = vectors(free)
        rows += [
            {"sigma": level, "label": label, "condition": -1, "told": NONE, "psnr": value}
            for label, value in zip(labels, psnr(clean, free).tolist(), strict=True)
        ]
        for told, condition in enumerate(labels):
            estimate = denoise(bench.network, noisy, conditions[told].expand(len(labels), -1), level=level)
            if told in shown:
                images[f"denoised {level:g} {condition}"] = estimate[shown]
            found, values = vectors(estimate), psnr(clean, estimate).tolist()
            for place, label in enumerate(labels):
                row = {"sigma": level, "label": label, "condition": condition, "told": "right", "psnr": values[place]}
                if place != told:
                    row["told"] = "wrong"
                    for space, centre in means.items():
                        both = torch.stack([found[space][place], freely[space][place]])
                        guided, mixture = along(both, centre[place], centre[told]).tolist()
                        row |= {f"along{space}": guided, f"pull{space}": guided - mixture}
                rows.append(row)
    # Without a condition, or with an image's own, nothing leads anywhere: these columns have room for that.
    numbers = pd.DataFrame(rows)
    empty = {column: "Float64" for column in numbers.columns if column.startswith(("along", "pull"))}
    return Measured(numbers.astype(empty), images)


def figure3_classes(bench: Bench, single: Bench, *, gains: configuration.Gains) -> Measured:
    """PSNR at every noise level, class by class, and image by image of the one texture that has a network of its own.

    single: that texture's images and its network. Wrong conditions: the class half way round; and, in the comparison
    with the single texture, that texture; none: s(x, 0), which Eq. 8 takes for the mixture's. `group`: the class, a
    mean over its images; or the texture's image; `gain`: over the mixture's PSNR of the same images or, with the single
    texture, over its network's.
    """
    frames = []
    own = bench.condition(ONE_TEXTURE)
    texture = single.condition(0)
    labels = range(bench.classes)
    conditions = torch.stack([bench.condition(label) for label in labels])
    all_classes, which = bench.members_of_all(bench.classes, gains.images, test=True)
    others = which != ONE_TEXTURE
    half = (which + bench.classes // 2) % bench.classes
    one = single.members(0, len(single.test.labels), test=True)
    for level in gains.levels:
        noisy = all_classes + level * noise(all_classes.shape, "figure3", level).to(bench.device)
        mixture = psnr(all_classes, denoise(bench.networks["mixture"], noisy, level=level))
        right = psnr(all_classes, denoise(bench.network, noisy, conditions[which], level=level))
        wrong = psnr(all_classes, denoise(bench.network, noisy, conditions[half], level=level))
        unguided = psnr(all_classes, denoise(bench.network, noisy, level=level))
        as_texture = psnr(all_classes, denoise(bench.network, noisy, own.expand(len(noisy), -1), level=level))
        alone = psnr(all_classes, denoise(single.network, noisy, texture.expand(len(noisy), -1), level=level))
        noisy_one = one + level * noise(one.shape, "figure3", "single", level).to(bench.device)
        found = {
            ("all", "guided", "right"): (right, mixture, which),
            ("all", "guided", "wrong"): (wrong, mixture, which),
            ("all", "guided", NONE): (unguided, mixture, which),
            ("all", "mixture", NONE): (mixture, mixture, which),
            ("others", "guided", "wrong"): (as_texture[others], alone[others], which[others]),
            ("others", "single", "wrong"): (alone[others], alone[others], which[others]),
        }
        each = torch.arange(len(one))
        alone = psnr(one, denoise(single.network, noisy_one, texture.expand(len(one), -1), level=level))
        guided = psnr(one, denoise(bench.network, noisy_one, own.expand(len(one), -1), level=level))
        mixture = psnr(one, denoise(bench.networks["mixture"], noisy_one, level=level))
        found |= {
            ("one", "guided", "right"): (guided, alone, each),
            ("one", "single", "right"): (alone, alone, each),
            ("one", "mixture", NONE): (mixture, alone, each),
        }
        frames += [
            group_means(values, base, groups).assign(images=images, model=model, condition=condition, sigma=level)
            for (images, model, condition), (values, base, groups) in found.items()
        ]
    columns = ["images", "model", "condition", "sigma", "group", "psnr", "gain"]
    return Measured(pd.concat(frames, ignore_index=True)[columns], {})


def group_means(values: Tensor, base: Tensor, groups: Tensor) -> pd.DataFrame:
    """The mean PSNR of each group of images, and its mean gain over another denoiser's of the same images."""
    columns = {"group": groups, "psnr": values, "gain": values - base}
    frame = pd.DataFrame({name: column.cpu().numpy() for name, column in columns.items()})
    return frame.groupby("group", as_index=False).mean()


def fixed_factors(bench: Bench, *, gains: configuration.Gains) -> Measured:
    """PSNR of two guided networks on test images of all classes: with learned factors, and with factors fixed at one.

    networks: these two. The factors are those that multiply phi_y - phi(x) in the network (Appendix A); `gain`: what
    learning them adds.
    """
    learned, fixed = bench.networks.values()
    clean, which = bench.members_of_all(bench.classes, len(bench.test.labels), test=True)
    labels = range(bench.classes)
    told = {each: torch.stack([bench.condition(label, MEMBERS, each) for label in labels]) for each in (learned, fixed)}
    frames = []
    for level in gains.levels:
        noisy = clean + level * noise(clean.shape, "fixed_factors", level).to(bench.device)
        with_learned, with_fixed = (
            psnr(clean, denoise(each, noisy, told[each][which], level=level)) for each in (learned, fixed)
        )
        numbers = {"label": which, "psnr": with_learned, "psnr_fixed": with_fixed, "gain": with_learned - with_fixed}
        frame = pd.DataFrame({name: column.cpu().numpy() for name, column in numbers.items()})
        frames.append(frame.assign(sigma=level, image=frame.groupby("label").cumcount()))
    columns = ["sigma", "label", "image", "psnr", "psnr_fixed", "gain"]
    return Measured(pd.concat(frames, ignore_index=True)[columns], {})
