"""The tables of the paper, as people read them: measured number, its interval, published number."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from recompose.papers.coupled_inference.names import IDENTITIES, groups, label
from recompose.presentation.markdown import table_line, table_rule

Cell = Callable[[str], str]
Row = Mapping[Any, Any]


def table1(frame: pd.DataFrame) -> str:
    """Table 1: methods as rows, K and m as columns, and what a trial costs."""
    cells = frame[["factors", "superposed"]].drop_duplicates().sort_values(["factors", "superposed"])
    columns: dict[str, Cell] = {
        f"K = {factors}, m = {superposed}": _column(frame, _accuracy, factors=factors, superposed=superposed)
        for factors, superposed in cells.itertuples(index=False)
    }
    cost = frame.groupby("method").multiply_adds.mean()
    columns["multiply-adds"] = lambda method: f"{cost[method] / 1e6:.3g} M"
    return (
        _table(frame.method, columns)
        + "\nMeasured accuracy [its 95 % interval] (published accuracy); multiply-adds per trial.\n"
    )


def capacity(frame: pd.DataFrame) -> str:
    """The capacities: methods as rows, for each K the capacity and its ratio to that of RESONATOR."""
    columns: dict[str, Cell] = {}
    for factors in sorted(frame.factors.unique()):
        columns[f"K = {factors}, capacity"] = _column(frame, _capacity, factors=factors)
        columns[f"K = {factors}, ratio"] = _column(frame, _ratio, factors=factors)
    return _table(frame.method, columns) + (
        "\nThe largest search space with an accuracy of at least .95 and its 95 % interval, and the ratio"
        " to that of RESONATOR. ≥ and ≤: beyond the search spaces that were measured.\n"
    )


def table_search(frame: pd.DataFrame) -> str:
    """Appendix C.1: for each variant the configurations with their accuracy on validation codebooks."""
    fixed = ["method", "source", "validation_accuracy", "ci_low", "ci_high"]
    parameters = [column for column in frame.columns if column not in fixed]
    columns = ["Model", "configuration", "validation accuracy", *parameters]
    lines = [table_line(columns), table_rule(1, len(columns) - 1)]
    for group in groups(frame.method):
        for method in group:
            for row in frame[frame.method == method].to_dict("records"):
                accuracy = f"{row['validation_accuracy']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
                values = [_value(row[parameter]) for parameter in parameters]
                lines.append(table_line([label(method), row["source"], accuracy, *values]))
    return "\n".join(lines) + "\n"


def special_case(frame: pd.DataFrame) -> str:
    """Section 5.1: the largest difference between the two sides of each identity."""
    lines = [table_line(["Identity", "largest difference"]), table_rule(1, 1)]
    lines += [table_line([IDENTITIES[row["identity"]], f"{row['difference']:.1e}"]) for row in frame.to_dict("records")]
    return "\n".join(lines) + "\n\nOf estimates whose entries are of size 1.\n"


def _table(methods: pd.Series, columns: dict[str, Cell]) -> str:
    """One row for each method; an empty row separates the paper's methods, those beyond it and the limits."""
    lines = [table_line(["Model", *columns]), table_rule(1, len(columns))]
    for number, group in enumerate(groups(methods)):
        lines += [table_line([""] * (1 + len(columns)))] * (number > 0)
        lines += [table_line([label(method), *(cell(method) for cell in columns.values())]) for method in group]
    return "\n".join(lines) + "\n"


def _column(frame: pd.DataFrame, show: Callable[[Row], str], **where: Any) -> Cell:
    """A column of a table: the row of each method at one place, shown; empty where there is none."""
    for name, value in where.items():
        frame = frame[frame[name] == value]
    rows: dict[str, Row] = {row["method"]: row for row in frame.to_dict("records")}
    return lambda method: show(rows[method]) if method in rows else ""


def _accuracy(row: Row) -> str:
    text = f"{row['accuracy']:.3f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]"
    return text if pd.isna(row.get("published")) else f"{text} ({row['published']:.3f})"


def _capacity(row: Row) -> str:
    sign = {"above": "≥ ", "below": "≤ "}.get(str(row.get("censored")), "")
    interval = "" if sign else f" [{_thousands(row['ci_low'])}, {_thousands(row['ci_high'])}]"
    return f"{sign}{_thousands(row['capacity'])}{interval}"


def _ratio(row: Row) -> str:
    ratio = row["ratio_to_resonator"]  # missing where the resonator is left out of the methods
    return "" if pd.isna(ratio) else f"{ratio:.3g}×"


def _thousands(number: float) -> str:
    return f"{float(f'{number:.3g}'):,.0f}".replace(",", "\u202f")  # a narrow space separates the thousands


def _value(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return str(value)
