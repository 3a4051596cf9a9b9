"""Hashes of the code that a rule executes: from its modules, or functions of these, to all that they import."""

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PACKAGE = "recompose"
_DISCOVERY = "recompose.discovery"
_VALUES = ("settings", "names", "artifacts", "work")
"""Modules of a paper that hold values and no method: a rule has those that it reads among its `params`."""
_SHOWING = ("figures", "tables", "aggregation")
"""Modules of a paper whose work shows its names in their order: there these count."""
_WORDS = ("recompose.errors", "recompose.blocks", "recompose.artifacts")
"""What these stand on, and the words of errors."""
_ROOT = Path(__file__).parents[1]
_KEPT = _ROOT.parents[1] / ".snakemake" / f"code.{sys.implementation.cache_tag}.json"
"""What was read of the sources, beside what else Snakemake knows of the project."""


class Statement(NamedTuple):
    """What a statement of a module comes to, its layout and its texts left out."""

    told: str
    """A hash of what it says."""
    names: frozenset[str]
    """The names in it."""
    bound: frozenset[str]
    """The names that it defines or imports; none if it does something else, as what is for type checkers does."""
    imports: tuple[tuple[str, tuple[str, ...]], ...]
    """Each module that it imports, also late, inside a function, with the names that it takes from there."""
    for_types: bool
    """Whether it is `if TYPE_CHECKING`, which nothing executes."""


def code_hash(*modules: str) -> str:
    """One hash of the method in these modules and all that they import; comments, docstrings, layout do not count.

    `module:function` is that function, what it uses of its module, and what these import. A rule carries the hash in
    its `params`: an edit reruns exactly the rules whose command executes what was edited. Models of
    settings and tables of names and artifacts do not count, unless they are among the modules that are named here:
    their values travel in `params`. Names count where a module shows them.
    """
    return hashlib.sha256(json.dumps(module_hashes(*modules)).encode()).hexdigest()[:16]


def module_hashes(*modules: str) -> dict[str, str]:
    """The hash of each module of this project that importing these ones executes."""
    return dict(_hashes(modules))


@cache  # a command that writes many artifacts records the same code with each
def _hashes(modules: tuple[str, ...]) -> dict[str, str]:
    return {module: _hash_of_code(module) for module in sorted(_closure(modules))}


def _closure(modules: Sequence[str]) -> set[str]:
    """The modules, what they import (also late, inside a function), and the packages all these stand in.

    A module that imports `recompose.discovery` finds the members of its own package when it runs: all count.
    """
    todo, found = list(modules), set[str]()
    while todo:
        module = todo.pop()
        if module in found:
            continue
        name = module.partition(":")[0]
        known = _imports(module)
        found.add(module)
        shows = module in modules and name.rpartition(".")[2] in _SHOWING
        imported = [each for each in known if not _holds_values(each) or (shows and each.endswith(".names"))]
        parent = name.rpartition(".")[0]
        todo += [*imported, *([parent] if parent else [])]
        if _DISCOVERY in imported:
            is_package = any(each.startswith(f"{name}.") for each in _modules())
            inside = f"{name if is_package else parent}."
            members = [each for each in _modules() if each.startswith(inside)]
            todo += [each for each in members if not _holds_values(each)]
    return found


@cache
def _imports(module: str) -> frozenset[str]:
    """The modules of this project that a module imports, or what a function comes to of its module."""
    found, modules = set[str](), _modules().keys()
    for statement in (each for each in _statements(module) if not each.for_types):
        for source, names in statement.imports:
            inside = {f"{source}.{name}" for name in names} & modules
            found |= inside if names and len(inside) == len(names) else {*inside, source}
    return frozenset(found & modules)


@cache
def _holds_values(module: str) -> bool:
    """Whether a module holds values, or words, and no method."""
    in_paper = module.startswith(f"{_PACKAGE}.papers.")
    return module in _WORDS or (in_paper and module.rpartition(".")[2] in _VALUES)


@cache  # a hundred rules ask for the same modules, and `snakemake -n` waits for it
def _hash_of_code(module: str) -> str:
    told = "".join(statement.told for statement in _statements(module))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@cache
def _statements(module: str) -> tuple[Statement, ...]:
    """The statements of a module; of `module:function` those that the function comes to, in order."""
    name, _, function = module.partition(":")
    if name not in _modules():
        raise ModuleNotFoundError(f"no module {name} in {_PACKAGE}")
    body = _modules()[name]
    if not function:
        return body
    executed = [each for each in body if not each.for_types]
    if not any(function in each.bound for each in executed):
        raise ModuleNotFoundError(f"no {function} in {name}")
    used, todo = set[Statement](), [each for each in executed if not each.bound or function in each.bound]
    while todo:
        statement = todo.pop()
        if statement not in used:
            used.add(statement)
            todo += [each for each in executed if each.bound & statement.names]
    return tuple(each for each in body if each in used)


@cache
def _modules() -> dict[str, tuple[Statement, ...]]:
    """All modules and packages of this project, and what they say.

    To read them takes a second, which a dry run and every job would wait for. So what was read is kept, each module by
    its contents, as Python keeps what it has compiled; as there, a folder that is missing or read-only keeps nothing.
    """
    files = {_name(path): path for path in _ROOT.rglob("*.py")}
    # As Python does: what is no name, a folder of a tool's for one, is no module.
    sources = {name: path.read_bytes() for name, path in files.items() if all(map(str.isidentifier, name.split(".")))}
    keys = {name: hashlib.sha256(source).hexdigest() for name, source in sources.items()}
    reader = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    known = _kept(reader)
    found = {name: known[key] if (key := keys[name]) in known else _read(source) for name, source in sources.items()}
    if not known.keys() >= set(keys.values()):
        _keep({keys[name]: statements for name, statements in found.items()}, reader)
    # A folder without __init__.py is a package too; it executes nothing.
    return {parent: () for name in found if (parent := name.rpartition(".")[0])} | found


def _name(path: Path) -> str:
    """The name of the module in a file; the import system would execute its parents to find it."""
    return ".".join(path.relative_to(_ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


def _kept(reader: str) -> dict[str, tuple[Statement, ...]]:
    """What the same reader kept of modules, by the sha256 of their sources."""
    with suppress(OSError, ValueError, KeyError):
        content = json.loads(_KEPT.read_bytes())
        if content["reader"] == reader:
            return {
                key: tuple(
                    Statement(
                        told,
                        frozenset(names),
                        frozenset(bound),
                        tuple((source, tuple(taken)) for source, taken in imports),
                        for_types,
                    )
                    for told, names, bound, imports, for_types in statements
                )
                for key, statements in content["modules"].items()
            }
    return {}


def _keep(modules: dict[str, tuple[Statement, ...]], reader: str) -> None:
    told = {
        key: [(each.told, sorted(each.names), sorted(each.bound), each.imports, each.for_types) for each in statements]
        for key, statements in modules.items()
    }
    own = _KEPT.with_name(f".partial-{os.getpid()}-{_KEPT.name}")  # several jobs may write at once
    with suppress(OSError):
        own.write_text(json.dumps({"reader": reader, "modules": told}), encoding="utf-8")
        os.replace(own, _KEPT)


def _read(source: bytes) -> tuple[Statement, ...]:
    """The statements of a module without its texts. One that Python cannot read counts as it is: its importer tells."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return (Statement(hashlib.sha256(source).hexdigest()[:16], frozenset(), frozenset(), (), for_types=False),)
    for node in _within(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [statement for statement in node.body if not _is_text(statement)] or [ast.Pass()]
    return tuple(map(_statement, tree.body))


def _statement(node: ast.stmt) -> Statement:
    names = frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
    test = node.test if isinstance(node, ast.If) else None
    for_types = isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
    told = hashlib.sha256(ast.dump(node).encode()).hexdigest()[:16]
    return Statement(told, names, frozenset(_bound_by(node)), tuple(_imported_by(node)), for_types)


def _within(*nodes: ast.AST) -> Iterator[ast.AST]:
    """These and all statements inside: functions and imports stand among these, and expressions are most of a tree."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            todo += getattr(node, field, ())


def _bound_by(statement: ast.stmt) -> Iterable[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Import() | ast.ImportFrom():
            return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
        case ast.Assign() | ast.AnnAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
        case _:
            return set()


def _imported_by(statement: ast.stmt) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in _within(statement):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module), tuple(alias.name for alias in node.names)


def _is_text(statement: ast.stmt) -> bool:
    """A docstring, or a text that stands below a constant to explain it."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
