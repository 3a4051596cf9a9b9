"""The benchmarks of paper 4, their classes' factors, and the methods that generate, by their names."""

BENCHMARKS = {"digits": "ColorMNIST", "faces": "CelebA"}
"""What stands in `<benchmark>_...`, and the paper's name of it."""
FACTORS = {
    "digits": ("digit", "colour", "background"),
    "faces": (
        "Black_Hair",
        "Blond_Hair",
        "Brown_Hair",
        "Gray_Hair",
        "Wavy_Hair",
        "No_Beard",
        "Smiling",
        "Big_Nose",
        "Big_Lips",
        "Oval_Face",
        "Male",
        "Sideburns",
        "Wearing_Necklace",
        "Bald",
    ),
}
"""What a class combines (Tables 3 and 4)."""
METHODS = {
    "top1": "Top-1",
    "top3": "Top-3",
    "query_only": "Query-only",
    "poe": "PoE",
    "lora": "+ LoRA",
    "beyond": "beyond (ours)",
}
"""In the order of the rows of Tables 1 and 2; the last one is this project's."""
REFERENCES = {"faithfulness": "Faithful.", "generalization": "General."}
"""What generated images are compared with: the queries themselves, or others of their class."""
METRICS = {"fid": "FID", "cosine": "CLIP", "precision": "Precision", "recall": "Recall", "f1": "F1"}
"""In the order of the columns, as the paper calls them; the features are named in every table."""
