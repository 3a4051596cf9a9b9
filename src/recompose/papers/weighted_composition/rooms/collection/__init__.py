"""The data set of rooms as the paper made it (F.3): candidates, their embeddings, labels by hand, what is accepted."""

SLUG = "weighted_composition"
