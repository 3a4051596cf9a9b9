"""docs/reliability.md says what the tests in tests/faults show."""

from reliability import PAGE, page, rows


def test_the_page_has_the_rows_of_the_tests():
    assert len(list(rows())) > 15
    assert PAGE.read_text() == page(), "pytest tests/faults writes the page, once all of its tests have passed"
