"""What samples are called in tables and figures of paper 5."""

TITLES = {
    "figure10": "guided, gray (Figure 10)",
    "averaged_conditions": "guided, gray, conditions of many images",
    "free_guidance": "classifier-free, gray",
    "figure11": "guided, colour (Figure 11)",
    "figure14": "guided, six classes (Figure 14)",
    "figure16": "guided, ten classes (Figure 16)",
}
"""Whose samples are judged: figures, and methods beside the paper's."""


def titled(name: str) -> str:
    """What samples are called in table and figure; a new method by its name."""
    return TITLES.get(name, f"{name.replace('_', ' ')}, gray")
