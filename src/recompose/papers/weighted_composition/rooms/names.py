"""What the rooms of paper 2 hold, and the settings that compose them, by their names."""

from dataclasses import dataclass

OBJECTS = ("couch", "table", "painting")
"""What may stand or hang in a room."""
CLASSES: dict[str, tuple[str, ...]] = {
    "empty": (),
    "couch": ("couch",),
    "table": ("table",),
    "painting": ("painting",),
    "couch_table": ("couch", "table"),
    "couch_painting": ("couch", "painting"),
}
"""The six classes of images, by the objects in them."""
SOURCES = ("a1", "a2", "0")
"""The condition of the couch, that of the other object X, and the base."""
MODELS = ("conditional", "separate")
"""One network that is told its condition, or one for each condition."""
OUTCOMES = {
    "both": "both objects",
    "couch_only": "couch only",
    "other_only": "X only",
    "none": "neither",
    "warped": "warped",
}
"""What a sample can show: the classes of a setting, and what is no room."""
PARTS = ("train", "judging", "test")
"""What images are for: the networks, the judge, and measuring."""


@dataclass(frozen=True)
class Setting:
    """One of the four of section 5.3."""

    title: str
    other: str
    """X, the object beside the couch"""
    out: bool
    """whether what is composed is out of distribution"""

    def classes(self) -> dict[str, str]:
        """The class of images that shows each outcome."""
        both = f"couch_{self.other}"
        return {"both": both, "couch_only": "couch", "other_only": self.other, "none": "empty"}


SETTINGS = {
    "f_id": Setting("Couch + painting, in distribution", "painting", False),
    "nf_id": Setting("Couch + table, in distribution", "table", False),
    "f_ood": Setting("Couch + painting, out of distribution", "painting", True),
    "nf_ood": Setting("Couch + table, out of distribution", "table", True),
}
"""In the order of the panels of Figures 2-4."""


def network_names(setting: str, model: str) -> tuple[str, ...]:
    """The networks of a setting: one for all conditions, or one for each."""
    if model == "conditional":
        return (f"rooms_{setting}_conditional",)
    return tuple(f"rooms_{setting}_separate_{source}" for source in SOURCES)


NETWORKS = {
    name: (setting, model) for setting in SETTINGS for model in MODELS for name in network_names(setting, model)
}
"""The setting and the model that each network is of."""
JUDGE = "rooms_judge"
SAMPLES = {f"rooms_samples_{setting}_{model}": (setting, model) for setting in SETTINGS for model in MODELS}
"""The artifacts that hold the samples of each setting and model."""
