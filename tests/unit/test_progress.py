"""What a run says where there is no terminal."""

import logging

from snakemake.logging import LogEvent

from recompose.workflow import progress
from recompose.workflow.progress import Lines, last_line


def event(lines, kind, **told):
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, None, None, None)
    record.__dict__ |= {"event": kind, **told}
    lines.handle(record)


def test_a_step_that_is_done_is_a_line():
    said = []
    lines = Lines(said.append)
    event(lines, LogEvent.JOB_INFO, jobid=7, rule_name="sami_disks_numbers", log=["x.log"])
    event(lines, LogEvent.JOB_STARTED, jobs=[7])
    event(lines, LogEvent.SHELLCMD)
    assert said == []
    event(lines, LogEvent.JOB_FINISHED, job_id=7)
    event(lines, LogEvent.PROGRESS, done=3, total=9)
    assert [line[10:] for line in said] == ["sami_disks_numbers is done: 3 of 9 steps"]


def test_a_long_step_says_once_a_minute_how_far_it_is(tmp_path, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    log, said = tmp_path / "network.log", []
    lines = Lines(said.append)
    event(lines, LogEvent.JOB_INFO, jobid=1, rule_name="train", log=[str(log)])
    event(lines, LogEvent.JOB_INFO, jobid=2, rule_name="draw", log=None)
    event(lines, LogEvent.JOB_STARTED, jobs=[1, 2])
    log.write_text("begun\n10/20 iterations\n\n")
    lines.say_what_runs()
    assert said == []
    clock[0] += 60
    lines.say_what_runs()
    lines.say_what_runs()
    assert [line[10:] for line in said] == ["train is under way (10/20 iterations); draw is under way"]
    event(lines, LogEvent.JOB_FINISHED, job_id=1)
    event(lines, LogEvent.JOB_FINISHED, job_id=2)
    clock[0] += 600
    lines.say_what_runs()
    assert len(said) == 1


def test_a_log_that_is_not_there_has_no_last_line(tmp_path):
    assert last_line(str(tmp_path / "none.log")) == ""
    (tmp_path / "long.log").write_text("x" * 10_000 + "\nthe end\n")
    assert last_line(str(tmp_path / "long.log")) == "the end"
