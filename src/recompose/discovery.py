"""Find the members of a package by themselves: drop a file in, and it takes part."""

import importlib
import pkgutil


def import_submodules(package_name: str) -> None:
    """Import every module of a package in alphabetical order, so that what they register is known.

    A module that imports this one is taken (by `recompose.workflow.code`) to depend on its whole package.
    """
    package = importlib.import_module(package_name)
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        importlib.import_module(f"{package_name}.{module.name}")
