"""The frame of `dvc plots`, with the scripts inside that DVC's own takes from the network."""

from snakemake.assets import Assets

from recompose.judgement.templates import render_template

SCRIPTS = ("vega/vega.js", "vega-lite/vega-lite.js", "vega-embed/vega-embed.js")


def plots_page() -> str:
    """An HTML template of DVC. Snakemake brings the scripts along, for its reports."""
    return render_template("plots.html.j2", scripts=[Assets.get_content(script) for script in SCRIPTS])
