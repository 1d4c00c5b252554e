"""Write the API reference into outputs/docs: static pages, from the docstrings."""

import importlib
import sys
import warnings
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pdoc

import epochwatch
import epochwatch_lab
from epochwatch_lab._runs import project

DOCS = project.ROOT / "outputs" / "docs"
TEMPLATE = Path(__file__).with_name("docs_template")
OPTIONAL = ("grain", "jax", "tf_keras", "torch")


class Absent(ModuleType):
    """Stands for a module that is not installed: whatever is imported from it is an empty class."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__module__": self.__name__})


class AbsentFinder:
    """Finds the optional packages where nothing else does, so that our modules can be imported."""

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        """Make the spec of an optional package, or of a module of one."""
        optional = name.partition(".")[0] in OPTIONAL
        return ModuleSpec(name, self, is_package=True) if optional else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module that stands for the absent one."""
        return Absent(spec.name)

    def exec_module(self, module: ModuleType):
        """Leave the module empty."""


def expose(module: ModuleType, names: dict[str, object]):
    """Set names in a module where pdoc, which asks no `__getattr__`, sees them."""
    vars(module).update(names)
    if hasattr(module, "__all__"):
        module.__all__ = list(dict.fromkeys([*module.__all__, *names]))


def expose_all(module: ModuleType):
    """Have a module load all that it loads when it is first used."""
    expose(module, {name: getattr(module, name) for name in module.__all__})


def build(folder: Path):
    """Write the pages: of either package one of its public names, and one of each public module.

    Args:
        folder: where to; `index.html` is where to begin.
    """
    packages = (epochwatch, epochwatch_lab)
    for package in packages:
        expose_all(package)
        for member in list(vars(package).values()):
            if isinstance(member, ModuleType) and hasattr(member, "__all__"):
                expose_all(member)
    sys.meta_path.append(AbsentFinder())
    feeds = epochwatch.feeds
    expose(
        feeds, {name: importlib.import_module(f"{feeds.__name__}.{name}") for name in feeds.NAMES}
    )
    pdoc.render.configure(docformat="google", show_source=False, template_directory=TEMPLATE)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # pdoc's, of a module that it leaves out
        pdoc.pdoc(*(package.__name__ for package in packages), output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
