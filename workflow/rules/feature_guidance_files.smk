"""Which files the jobs of paper 5 make and read."""

from recompose.papers.feature_guidance.names import IMAGELESS

FEATURE_GUIDANCE = f"{TREE}/feature_guidance"


def jobs_of(names):
    """The names that each job makes, by the job: one, or all where cells are not dealt to batches."""
    return {"all": list(names)} if BATCHES == 1 else {name: [name] for name in names}


def image_files(names):
    """Sets of images."""
    return [f"{FEATURE_GUIDANCE}/images/{name}.safetensors" for name in names]


def weights(names):
    """Networks."""
    return [f"{FEATURE_GUIDANCE}/networks/{name}.safetensors" for name in names]


def network_files(names):
    """Networks, and the loss curves of their training."""
    return [*weights(names), *(f"{FEATURE_GUIDANCE}/training/{name}.csv" for name in names)]


def measured_files(names):
    """The numbers of artifacts, and the images that their figures show."""
    shown = [f"{FEATURE_GUIDANCE}/{name}.safetensors" for name in names if name not in IMAGELESS]
    return [*(f"{FEATURE_GUIDANCE}/{name}.csv" for name in names), *shown]


def drawn_from(artifact):
    """What a figure shows."""
    return [f"{FEATURE_GUIDANCE}/training.csv"] if artifact == "training" else measured_files([artifact])


def real_images(names):
    """The folders that sets of images are read from; none where they are generated."""
    chosen, found = settings.feature_guidance.images, []
    if chosen.multi == "archives" and {"six_groups", "ten_groups"} & set(names):
        found += sorted(map(str, Path("data").glob("*/")))
    if chosen.source == "photographs":
        found += ["data/one_texture"] * ("one_texture" in names) + ["data/textures"] * bool(
            {"gray_textures", "colour_textures"} & set(names)
        )
    return found
