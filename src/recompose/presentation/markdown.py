"""Lines of the tables that people read."""

from collections.abc import Sequence


def table_line(cells: Sequence[object]) -> str:
    """A row of a table.

    >>> table_line(["ALS", 0.5])
    '| ALS | 0.5 |'
    """
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def table_rule(texts: int, numbers: int) -> str:
    """What stands below the headings: columns of texts to the left, of numbers to the right.

    >>> table_rule(1, 2)
    '|---|---:|---:|'
    """
    return f"|{'---|' * texts}{'---:|' * numbers}"
