"""A SLURM cluster on one machine: a controller, two nodes with CPUs, one with a pretend GPU."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from pytest import skip

ETC = Path("/etc/slurm")
"""The executor hides SLURM's variables from its commands: the configuration has to stand at the default place."""

NODES = {"cpu1": "cpu", "cpu2": "cpu", "gpu1": "gpu"}
"""The partition of each node, named as in profiles/slurm."""

CONFIGURATION = """\
ClusterName=recompose
SlurmctldHost={host}
SlurmctldPort=27817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={state}/controller
SlurmctldPidFile={state}/slurmctld.pid
SlurmctldLogFile={state}/slurmctld.log
SlurmdSpoolDir={state}/%n
SlurmdPidFile={state}/%n.pid
SlurmdLogFile={state}/%n.log
# No systemd, no control groups, no accounting; more CPUs than the machine has.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
# Everything soon: a dead node is noticed within seconds, and finished jobs stay visible.
SchedulerParameters=batch_sched_delay=0,sched_interval=2
SlurmctldTimeout=10
SlurmdTimeout=10
KillWait=1
MinJobAge=300
ReturnToService=2
NodeName=DEFAULT CPUs=2 RealMemory=64000
NodeName=cpu1 NodeHostname={host} NodeAddr=127.0.0.1 Port=27821
NodeName=cpu2 NodeHostname={host} NodeAddr=127.0.0.1 Port=27822
NodeName=gpu1 NodeHostname={host} NodeAddr=127.0.0.1 Port=27823 Gres=gpu:fake:1
PartitionName=cpu Nodes=cpu1,cpu2 Default=YES
PartitionName=gpu Nodes=gpu1
"""

GPUS = "NodeName=gpu1 Name=gpu Type=fake File=/dev/null\n"


@dataclass(frozen=True)
class Job:
    """A line of squeue."""

    id: str
    state: str
    partition: str
    node: str
    memory: str
    limit: str
    comment: str


@dataclass
class Cluster:
    """The daemons, and what SLURM's commands say."""

    state: Path
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start `munged`, `slurmctld` or the daemon of a node."""
        (self.state / name).mkdir(exist_ok=True)
        command = {"munged": ["munged", "--foreground"], "slurmctld": ["slurmctld", "-D"]}
        owner = "munge" if name == "munged" else None
        with (self.state / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                command.get(name, ["slurmd", "-D", "-N", name]),
                user=owner,
                group=owner,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def stop(self, name: str) -> None:
        """Stop a daemon as its service would."""
        daemon = self.daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def pull_the_plug(self, node: str) -> None:
        """The end of a node without a word to the controller: its daemon, its jobs' keepers, and their processes."""
        daemon = self.daemons.pop(node)
        daemon.kill()
        daemon.wait()
        lost = [process for process in psutil.process_iter() if node_of(process) == node]
        keepers = {keeper for process in lost for keeper in process.parents() if keeper.name() == "slurmstepd"}
        for process in [*keepers, *lost]:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def answers(self) -> bool:
        """Whether the controller does what it is told, here to cancel every job."""
        for name, daemon in self.daemons.items():
            assert daemon.poll() is None, (self.state / f"{name}.out").read_text()
        return subprocess.run(["scancel", "--user=root"], capture_output=True).returncode == 0

    def idle(self) -> bool:
        """Whether all nodes wait for work."""
        shown = subprocess.run(["sinfo", "--noheader", "--Node", "--format=%T"], capture_output=True, text=True)
        return shown.stdout.split() == ["idle"] * len(NODES)

    def jobs(self, folder: Path) -> list[Job]:
        """All jobs of the runs in a folder, from the first to the last, also those that have ended."""
        line = ["squeue", "--noheader", "--states=all", "--format=%Z|%i|%T|%P|%N|%m|%l|%k"]
        shown = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
        jobs = [Job(*rest) for at, *rest in (text.split("|") for text in shown) if at == str(folder)]
        return sorted(jobs, key=lambda job: int(job.id))

    def clear(self) -> None:
        """Cancel every job, bring back every daemon, and wait until the nodes are idle."""
        for name in ["slurmctld", *NODES]:
            if name not in self.daemons:
                self.start(name)
        until("the controller answers", self.answers, seconds=60)
        until("the nodes are idle", self.idle, seconds=90)


def node_of(process: psutil.Process) -> str | None:
    """The node that a process of a job runs on."""
    with suppress(psutil.Error):
        return process.environ().get("SLURMD_NODENAME")
    return None


def until(what: str, reached: Callable[[], object], seconds: float) -> None:
    """Wait for it, but not for ever."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def munge_answers() -> bool:
    """Whether the daemon that SLURM's messages are signed by is there."""
    return subprocess.call(["munge", "-n"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def require_slurm() -> None:
    """Install SLURM where that is possible; skip the tests where it is not, or where the machine has its own."""
    if os.geteuid() != 0:
        skip("a cluster of one's own needs root")
    installed = ETC / "slurm.conf"
    own = CONFIGURATION.partition("\n")[0]  # a killed test leaves it behind
    if installed.exists() and not installed.read_text().startswith(own):
        skip(f"{installed} is there: this machine belongs to a cluster")
    if not all(map(shutil.which, ["munged", "slurmctld", "slurmd"])):
        if not shutil.which("apt-get"):
            skip("SLURM is not installed, and there is no apt-get to install it")
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        packages = ["slurm-wlm", "munge"]
        subprocess.call(["apt-get", "update", "-q"], **quiet)
        if subprocess.call(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], **quiet):
            skip(f"apt-get cannot install {' '.join(packages)}")


@contextmanager
def cluster(state: Path) -> Iterator[Cluster]:
    """A cluster that is idle, and nothing of it afterwards: a left configuration slows every later snakemake."""
    require_slurm()
    running = Cluster(state)
    files = {
        ETC / "slurm.conf": CONFIGURATION.format(host=socket.gethostname(), state=state),
        ETC / "gres.conf": GPUS,
    }
    made = [folder for folder in [ETC, Path("/run/munge")] if not folder.exists()]
    try:
        for folder in made:
            folder.mkdir(mode=0o755)
        for path, text in files.items():
            path.write_text(text)
        if not munge_answers():  # where there is systemd, its package has started it
            shutil.chown("/run/munge", "munge", "munge")
            running.start("munged")
            until("munge answers", munge_answers, seconds=20)
        running.clear()
        yield running
    finally:
        try:
            with suppress(AssertionError):
                until("every job is cancelled", running.answers, seconds=30)
                until("no process of a job is left", lambda: not any(map(node_of, psutil.process_iter())), seconds=30)
        finally:
            for name in [*NODES, "slurmctld", "munged"]:
                if name in running.daemons:
                    running.stop(name)
            for path in files:
                path.unlink(missing_ok=True)
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
