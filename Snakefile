"""The front door: reads the configuration, includes the rules, names the targets.

snakemake --cores all                              everything, at the scale of config/config.yaml
snakemake --cores all coupled_inference_figure2    one figure, and what it needs
snakemake --cores all --config scale=smoke         another scale, in an output tree of its own
"""

import sys
from pathlib import Path

from snakemake.utils import min_version

from recompose.cluster import cancel, hide_devices, watch
from recompose.config import load_config
from recompose.errors import RecomposeError

min_version("9.27")
hide_devices()

try:
    settings = load_config(config, root=workflow.basedir)
except RecomposeError as error:
    sys.exit("\n".join(f"error: {mistake}" for mistake in str(error).splitlines()))


include: "workflow/rules/common.smk"
include: "workflow/rules/coupled_inference.smk"
include: "workflow/rules/weighted_composition.smk"
include: "workflow/rules/report.smk"


onstart:
    begin()
    watch(workflow)
    logger.info(banner("started"))


onsuccess:
    end()
    logger.info(banner("done"))


onerror:
    cancel(workflow)
    end()
    logger.info(banner("stopped; the same command goes on from here"))


rule all:
    default_target: True
    input:
        NUMBERS,
        TABLES,
        FIGURES,
        NOTEBOOKS,
        rules.scorecard.output,
        rules.page.output,
