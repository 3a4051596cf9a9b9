"""A run in which all faults were met, and all tests passed, writes docs/reliability.md."""

import pytest
from reliability import PAGE, Row, page, rows

_passed: set[Row] = set()
_skipped: set[Row] = set()


def pytest_itemcollected(item: pytest.Item) -> None:
    if mark := item.get_closest_marker("faults"):
        item.user_properties.append(("fault", mark.args))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    row = {Row(*arguments) for name, arguments in report.user_properties if name == "fault"}
    if report.skipped:
        _skipped.update(row)
    elif report.when == "call" and report.passed:
        _passed.update(row)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    is_one_of_many = hasattr(session.config, "workerinput")
    if exitstatus == 0 and not is_one_of_many and _passed - _skipped == set(rows()):
        PAGE.write_text(page())
