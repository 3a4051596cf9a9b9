"""What a run on a cluster needs beside its executor.

Jobs ask for what their work takes, see the GPUs that are theirs, and are not left behind, not waited for in vain, and
not misled.
"""

import os
import subprocess
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

from snakemake.exceptions import WorkflowError

from recompose.artifacts import Work
from recompose.config import Config
from recompose.config.models import Cluster

MEGABYTES = 4000
"""What every job asks for: at the published scale those of paper 1 were seen to take 800."""
PATIENCE = 120.0
"""Seconds that the executor may know of no job while the run waits for some: asking for their states takes up to 75."""


def hide_devices() -> None:
    """Let a job of SLURM that was given no GPU see none.

    To a job that was given some SLURM names them in CUDA_VISIBLE_DEVICES. Another one inherits that variable from the
    login node, or sees all GPUs of its node where nothing confines it; it would take one that is another job's.
    """
    given = any(os.environ.get(key) for key in ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS"))
    if "SLURM_JOB_ID" in os.environ and not given:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def needs(site: Cluster, work: Work | Callable[[Any], Work] | None = None, gpu: bool = False) -> dict[str, Any]:
    """The `resources` of a rule: partition, GPUs, memory (MB) and run time (minutes).

    `work` is what a job does, or a function of its wildcards; without it a job asks for what all jobs of the published
    scale were seen to stay below. Memory and time grow with the attempt: a job that was killed for one of them gets
    more of both. Without GPUs on the site all jobs go to the CPUs, and for longer.
    """
    gpus = site.gpus if gpu else 0
    rate = 60 * (site.gpu_teraflops if gpus else site.cpu_teraflops)

    def of(wildcards: Any) -> Work | None:
        return work(wildcards) if callable(work) else work

    def mem_mb(wildcards: Any, attempt: int) -> int:
        known = of(wildcards)
        return round((MEGABYTES + (known.megabytes if known else 0)) * attempt)

    def runtime(wildcards: Any, attempt: int) -> int:
        known = of(wildcards)
        minutes = 30 + 2 * known.minutes + known.teraflop / rate if known else 120
        return round(min(minutes * attempt, site.longest))

    partition = site.gpu_partition if gpus else site.cpu_partition
    asked = {"mem_mb": mem_mb, "runtime": runtime, "slurm_partition": partition}
    return asked | ({"gpu": gpus} if gpus else {}) | ({"slurm_account": site.account} if site.account else {})


def watch(workflow: Any, patience: float = PATIENCE, every: float = 5.0) -> None:
    """Stop the run once its executor has lost its jobs.

    SLURM's executor forgets them when the controller does not answer for long enough, and the run would wait for ever.

    Checked with Snakemake 9.27.1 and its SLURM plugin 2.8.0 (November 2026), whose `scheduler._executor`,
    `scheduler.running` and `executor.active_jobs` this reads. It can go once the plugin keeps jobs that it could not
    ask about: `check_active_jobs` yields nothing when all attempts fail, and `RemoteExecutor` has cleared its list.
    """
    executor = workflow.scheduler._executor
    if hasattr(executor, "active_jobs"):  # an executor that asks for its jobs' states
        threading.Thread(target=_watch, args=(workflow.scheduler, executor, patience, every), daemon=True).start()


def _watch(scheduler: Any, executor: Any, patience: float, every: float) -> None:
    known = time.monotonic()
    while time.monotonic() - known < patience:
        time.sleep(every)
        away = [job for job in list(scheduler.running) if not job.is_local]
        if executor.active_jobs or not away:
            known = time.monotonic()
    scheduler.executor_error_callback(WorkflowError("the cluster has not said for too long what became of the jobs"))


def cancel(workflow: Any) -> None:
    """Cancel what is left in SLURM's queue: what was just being submitted when the run stopped, or had been lost.

    Checked with the SLURM plugin 2.8.0 (November 2026), whose `run_uuid` names all jobs of a run. It can go once the
    plugin, told to cancel, submits nothing more, and cancels also what it is asking about at that moment.
    """
    name = getattr(workflow.scheduler._executor, "run_uuid", None)
    if name:
        subprocess.run(["scancel", "--name", name], check=False)


def pin(workflow: Any, settings: Config) -> None:
    """Hand the settings of this run to its jobs: each reads the configuration again, which may be edited by then.

    In base64, which no command line on the way changes.
    """
    workflow.config_settings.config_args = [f"settings={b64encode(settings.model_dump_json().encode()).decode()}"]


def pinned(given: Mapping[str, str]) -> Config:
    """The settings that a job was handed."""
    return Config.model_validate_json(b64decode(given["settings"]))
