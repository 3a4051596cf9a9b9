"""The front door: reads the configuration, includes the rules, names the targets.

snakemake --cores all                              everything, at the scale of config/config.yaml
snakemake --cores all coupled_inference_figure2    one figure, and what it needs
snakemake --cores all --config scale=smoke         another scale, in an output tree of its own
"""

import gc
import sys
from pathlib import Path

from snakemake.utils import min_version

from recompose.workflow.cluster import cancel, hide_devices, pin, pinned, watch
from recompose.config import load_config
from recompose.errors import RecomposeError, as_lines
from recompose.machine import require_own_source
from recompose.workflow.interrupts import end_without_traceback, heed_ctrl_c
from recompose.workflow.progress import tell_progress
from recompose.workflow.provenance import content_hash
from recompose.workflow.run import (
    accept_dates,
    dated_ahead,
    is_full,
    lift_rate_limit,
    require_keys_once,
    require_own_folder,
    require_targets,
    require_temporary_room,
    use_own_commands,
)

gc.disable()  # until a run begins: what is read stays, and looking through it over and over took a third of a dry run
min_version("9.27")
hide_devices()
end_without_traceback()
use_own_commands()

try:
    require_own_source(Path(workflow.basedir))
    require_own_folder(Path(workflow.basedir))
    require_temporary_room()
    require_keys_once(sys.argv[1:])
    given = workflow.config_settings
    settings = (
        pinned(config)
        if workflow.remote_exec
        else load_config(given.config, root=workflow.basedir, files=given.configfiles)
    )
except RecomposeError as error:
    sys.exit(as_lines(error))

pin(workflow, settings)


include: "workflow/rules/common.smk"


for each in PAPERS:

    include: f"workflow/rules/{each}.smk"


include: "workflow/rules/presentation.smk"
include: "workflow/rules/report.smk"


if workflow.is_main_process:
    try:
        require_targets(sys.argv[1:], {each.name for each in workflow.rules}, PAPERS)
    except RecomposeError as error:
        sys.exit(as_lines(error))

# Snakemake compares contents only where a file's date tells it to, and a clock may have been wrong. So what people
# write, and rules read, stands by its contents in their parameters.
MADE = {path for each in workflow.rules for path in each.output}
WRITTEN = {
    each: [path for path in each.input if not path.startswith("results/") and path not in MADE]
    for each in workflow.rules
}
for each, written in WRITTEN.items():
    if written:
        each.set_params(files=content_hash(*written))
    each.conda_env = str(
        Path(workflow.basedir, "environment.yml")
    )  # for --software-deployment-method conda; else it does nothing

# Papers one after the other, so that one is there before the next begins: of each first what takes no time (gathering,
# drawing, printing), then its jobs as its rules order them. Ranks, for a scheduler adds priorities up.
PLACES = {each: place_in_the_queue(each) for each in workflow.rules}
RANKS = sorted(set(PLACES.values()))
for each, place in PLACES.items():
    each.priority = RANKS.index(place)

AHEAD = dated_ahead({path for written in WRITTEN.values() for path in written})
if AHEAD:
    accept_dates()


onstart:
    gc.freeze()
    gc.enable()
    begin()
    heed_ctrl_c(workflow)
    watch(workflow)
    lift_rate_limit(workflow)
    tell_progress()
    logger.info(banner("started"))


onsuccess:
    end()
    logger.info(banner("done"))


onerror:
    cancel(workflow)
    if is_full(TREE):  # and a log may have had no room for that
        logger.error(f"recompose: the disk of {TREE} is full")
    else:
        end()
    logger.info(banner("stopped; the same command goes on from here. Where an error stands above, mend it first"))


rule all:
    default_target: True
    input:
        NUMBERS,
        TABLES,
        FIGURES,
        NOTEBOOKS,
        rules.scorecard.output,
        rules.manifest.output,
        rules.page.output,
