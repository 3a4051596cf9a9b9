"""Which files the jobs of paper 5 read."""


def real_images(name):
    """The folders that a set of images is read from; none where it is generated."""
    chosen = settings.feature_guidance.images
    if chosen.multi == "archives" and name in ("six_groups", "ten_groups"):
        return sorted(map(str, Path("data").glob("*/")))
    if chosen.source == "photographs" and name in ("gray_textures", "colour_textures", "one_texture"):
        return ["data/one_texture" if name == "one_texture" else "data/textures"]
    return []


def inputs_of_guidance(artifact):
    """What an artifact is measured with, or made from."""
    if artifact.name == "training":
        return made("feature_guidance", *(f"training/{name}.csv" for name in artifact.networks))
    sets = dict.fromkeys(PAPERS["feature_guidance"].networks[name].data for name in artifact.networks)
    return [
        *image_sets("feature_guidance", *sets),
        *weights("feature_guidance", *artifact.networks),
        *csv("feature_guidance", *artifact.sources),
    ]
