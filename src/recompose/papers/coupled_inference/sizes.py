"""How large codebooks are, and how many are solved at once. No torch: the settings are checked with it, too."""

SETS_AT_ONCE = 5
"""Sets of codebooks that are solved together."""


def codebook_size(search_space: int, factors: int) -> int:
    """The largest n with n**factors <= search_space: a search space of 10^4 is n = 100, 21, 10 for K = 2, 3, 4."""
    size = round(search_space ** (1 / factors))
    while size**factors > search_space:
        size -= 1
    while (size + 1) ** factors <= search_space:
        size += 1
    return size
