"""The picture of appendix B. It reads numbers, and computes nothing."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from recompose.presentation.plotting import method_style, style


def theory(frame: pd.DataFrame) -> Figure:
    """Precisions by the noise, active latents by the decoder's variance, and how fast Jacobians change."""
    cases = list(dict.fromkeys(frame[frame["check"] == "precision"].case))
    told = method_style(cases)
    with style():
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.8))
        switched = frame[frame["check"] == "switch"].set_index("case").value
        for case in cases:
            here = frame[(frame["check"] == "precision") & (frame.case == case)]
            left.plot(here["at"], here.expected, color=told.palette[case], label=f"${case.replace('c', 'c_i')}$")
            left.plot(here["at"], here.value, ".", color=told.palette[case], markersize=5)
            left.axvline(switched[case], color=told.palette[case], linestyle="--", linewidth=0.8)
        left.set(
            xlabel=r"noise $\beta$", ylabel="best precision $a_i$", xscale="log", yscale="symlog", ylim=(-0.05, None)
        )
        left.legend()
        here = frame[frame["check"] == "count"]
        middle.step(here["at"], here.expected, where="mid", color="0.5", label="closed form")
        middle.plot(here["at"], here.value, "o", color="#0173b2", label="found")
        middle.set(xlabel=r"variance of the decoder $\gamma$", ylabel="active latents", xscale="log")
        middle.legend()
        here = frame[frame["check"] == "roughness"]
        ends = [here.value - here.ci_low, here.ci_high - here.value]
        right.bar(here.case, here.value, color=["#0173b2", "0.6"])
        right.errorbar(here.case, here.value, ends, color="black", linestyle="", capsize=3)
        right.set(ylabel="change of the Jacobian")
    return figure
