"""Figures have the same bytes whatever a person's matplotlibrc says."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DRAW = """
import sys
from recompose.papers.coupled_inference.figures import figure5
from recompose.storage import read_csv, write_figure

figure = figure5(read_csv("results/reference/small/coupled_inference/figure5.csv"))
for form in ("png", "svg"):
    write_figure(figure, f"{sys.argv[1]}.{form}")
"""
OWN = """
font.size: 31
savefig.transparent: True
savefig.bbox: tight
savefig.facecolor: red
text.usetex: True
axes.facecolor: yellow
lines.linewidth: 9
svg.fonttype: none
figure.autolayout: True
axes.prop_cycle: cycler(color=['r'])
"""


def drawn(folder: Path, name: str, **variables: str) -> list[bytes]:
    subprocess.run([sys.executable, "-c", DRAW, folder / name], cwd=ROOT, env=os.environ | variables, check=True)
    return [(folder / f"{name}.{form}").read_bytes() for form in ("png", "svg")]


def test_a_persons_matplotlibrc_changes_no_figure(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text(OWN)
    assert drawn(tmp_path, "own", MATPLOTLIBRC=str(tmp_path / "matplotlibrc")) == drawn(tmp_path, "plain")
