"""The table of what latents capture, as people read it."""

import pandas as pd

from recompose.papers.sami.names import titled
from recompose.presentation.markdown import table_line, table_rule


def comparison(frame: pd.DataFrame) -> str:
    """Rows attributes; columns the judge, and how sure it is that a method's latents capture it."""
    of = frame[frame.metric == "attribute"]
    methods = titled(of.method)
    accuracy = frame[frame.metric == "accuracy"].set_index("of")
    by = of.set_index(["of", "method"])["mean"]
    lines = [table_line(["Attribute", "judge", *methods.values()]), table_rule(1, 1 + len(methods))]
    for name in accuracy.index:
        row = accuracy.loc[name]
        right = f"{row['mean']:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]"
        shares = [by[name, method] for method in methods]
        lines.append(table_line([name.replace("_", " "), right, *(f"{each:.1f}" if each else "" for each in shares)]))
    return "\n".join(lines) + (
        "\n\nJudge: the share of test images of which it says rightly whether they have the attribute. Then the share"
        " of five folds in which one latent tells it (an area of .75 under the ROC curve), and no other attribute"
        " does.\n"
    )
