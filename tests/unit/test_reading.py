"""How the configuration's YAML is read, and how a file is refused that is none."""

import pytest

from recompose.config import ConfigError, load_config
from recompose.config.reading import read_texts, read_yaml
from recompose.errors import RecomposeError


@pytest.fixture
def repository(tmp_path):
    """A repository with an empty configuration."""
    (tmp_path / "config/scales").mkdir(parents=True)
    (tmp_path / "config/config.yaml").write_text("")
    (tmp_path / "config/scales/small.yaml").write_text("")
    return tmp_path


def refused(repository, text: str | bytes) -> str:
    """The one line that a configuration with this content is refused with."""
    (repository / "config/config.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as error:
        load_config(root=repository)
    (line,) = error.value.mistakes
    return line


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0100", 100),
        ("007", 7),
        ("-012", -12),
        ("10_000", 10_000),
        ("0x1F", 31),
        ("0o17", 15),
        ("1:40", "1:40"),
        ("12:30:45", "12:30:45"),
        ("2.5e1", 25.0),
        ("8e-3", 0.008),
        ("1E5", 1e5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5E+3", -1500.0),
        ("true", True),
        ("no", "no"),
        ("on", "on"),
        ("null", None),
        ("1e", "1e"),
        ("e5", "e5"),
    ],
)
def test_numbers_are_what_people_mean(tmp_path, written: str, meant: object) -> None:
    (tmp_path / "file.yaml").write_text(f"key: {written}\n")
    values, mistakes = read_yaml(tmp_path, "file.yaml")
    assert (values, mistakes) == ({"key": meant}, [])
    assert type(values["key"]) is type(meant)
    assert read_texts({"key": written}) == {"key": meant}


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "1e400", "-1e999"])
@pytest.mark.parametrize(
    ("key", "block"),
    [("learning_rate", "networks: {learning_rate: %s}"), ("weights", "sampling: {weights: [%s, 1, 1]}")],
)
def test_a_number_that_is_not_finite_is_refused(repository, number: str, key: str, block: str) -> None:
    line = refused(repository, f"weighted_composition: {{{block % number}}}\n")
    assert line.startswith("config/config.yaml: weighted_composition.") and f".{key}" in line
    assert line.endswith("expected a finite number")


def test_a_sexagesimal_number_is_no_number(repository) -> None:
    line = refused(repository, "coupled_inference: {table1: {trials: 1:40}}\n")
    assert "coupled_inference.table1.trials = '1:40': expected an integer > 0" in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"scale: small\x00\n", r"a character that no text has ('\x00' at 12); remove it"),
        (b"scale: \x1b[31msmall\n", r"a character that no text has ('\x1b' at 7); remove it"),
        ("1: small\n", "1: a key is a name"),
        ("coupled_inference: {null: 3}\n", "coupled_inference.None: a key is a name"),
        ("coupled_inference: {table1: {2.5: 3}}\n", "coupled_inference.table1.2.5: a key is a name"),
        ("? [a, b]\n: 3\n", "found unhashable key"),
        ("coupled_inference: &a\n  table1: [*a]\n", "line 1: holds itself (an alias, *, within its own anchor, &)"),
    ],
)
def test_what_is_no_text_and_no_name_is_refused(repository, text: str | bytes, said: str) -> None:
    assert said in refused(repository, text)


def test_an_alias_beside_its_anchor_is_fine(repository) -> None:
    text = "coupled_inference: {table1: &same {trials: 50}, figure2: *same}\n"
    (repository / "config/config.yaml").write_text(text)
    coupled = load_config(root=repository).coupled_inference
    assert (coupled.table1.trials, coupled.figure2.trials) == (50, 50)


def test_a_folder_is_no_file(repository) -> None:
    (repository / "config/config.yaml").unlink()
    (repository / "config/config.yaml").mkdir()
    with pytest.raises(RecomposeError, match=r"^config/config.yaml: cannot be read as a file: is a directory"):
        load_config(root=repository)


def test_a_key_that_stands_twice_in_a_file_of_the_command_line_is_refused(repository, monkeypatch):
    """Snakemake has read it before, and took the last one."""
    monkeypatch.chdir(repository)
    (repository / "mine.yaml").write_text("scale: smoke\nscale: small\n")
    with pytest.raises(
        ConfigError, match=r"^mine.yaml: line 2: scale = small: the key stands twice, first in line 1; keep one$"
    ):
        load_config({"scale": "small"}, root=repository, files=[repository / "mine.yaml"])
