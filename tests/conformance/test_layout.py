"""The import direction, what starts fast, and the size of modules."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "auditrail"

# One tuple = one level: a module may import from its own level and from those before it.
LEVELS = (
    ("terms", "model", "errors"),
    (
        "jsontext",
        "times",
        "text",
        "digest",
        "ids",
        "content",
        "discover",
        "schema",
        "merkle",
        "notes",
        "tlog",
        "containers",
    ),
    ("config", "readers", "chains"),
    ("ingest", "case", "correlate", "gaps", "rules", "verify", "seal"),
    ("report",),
    ("incident", "check", "watch"),
    ("outputs",),
    ("cli", "pytest_plugin", "__main__"),
)
LEVEL = {name: number for number, names in enumerate(LEVELS) for name in names}
# The small helpers and `containers` share a level, but not all may use each other.
HELPERS = frozenset({"jsontext", "times", "text", "digest", "ids", "content", "discover", "schema", "merkle", "notes"})

HEAVY = ("duckdb", "pyarrow", "numpy", "rich")
# The only modules that speak to the engine; everyone else is handed a connection.
ENGINE = frozenset({"auditrail.case", "auditrail.report.listings"})

# Modules above 400 lines, each with the reason why it is one piece.
LARGE = {
    "auditrail.readers._vocabulary": "one table: the same attribute under the names of every convention",
    "auditrail.containers.compression": "four decompressors that share one contract; each is a screen long",
    "auditrail.ingest._otlp_reader": "one pass over a document with its own chunk of state: both ends share it",
    "auditrail.ingest._fast_rows": "one group of alike lines: how each column of theirs is made",
    "auditrail.containers.values": "one automaton over its own buffer: a cut would pass its state around",
}

MODULES = {
    ".".join(("auditrail", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in MODULES.items()}
REGISTRIES = ("readers", "outputs")
PACKAGES = [name for name, path in MODULES.items() if path.name == "__init__.py"]


def area(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(tree: ast.AST, *, top_only: bool = False) -> Iterator[str]:
    """Full names of what a module imports while it runs; with `top_only`, when it is imported."""
    for node in ast.iter_child_nodes(tree):
        if is_type_checking(node):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not (top_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
            yield from imports(node, top_only=top_only)


def own_imports(module: str) -> set[str]:
    """Areas of the package that a module imports from, with those for type checking."""
    names: set[str] = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    found = {area(name) for name in names if name.startswith("auditrail.")}
    return found - {"", "__version__"}


def test_every_module_has_a_level() -> None:
    assert {area(module) for module in MODULES} - {""} == set(LEVEL)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    own = area(module)
    if not own:
        assert own_imports(module) == set()
        return
    wrong = {name for name in own_imports(module) if LEVEL[name] > LEVEL[own]}
    if own in HELPERS and module != "auditrail.jsontext":  # the parser needs the limits, which stand beside containers
        wrong |= own_imports(module) & {"containers"}
    assert wrong == set()


def test_readers_know_no_configuration() -> None:
    for module in MODULES:
        if area(module) == "readers":
            assert "config" not in own_imports(module), module


def test_outputs_see_reports_only() -> None:
    allowed = {
        "outputs",
        "report",
        "text",
        "times",
        "jsontext",
        "digest",
        "errors",
        "model",
        "terms",
        "schema",
        "discover",
    }
    for module in MODULES:
        if area(module) == "outputs":
            assert own_imports(module) <= allowed, module
            reports = [name for name in imports(TREES[module]) if name.startswith("auditrail.report.")]
            # `steps` and `fingerprint` are pure functions of a report: they know no case.
            pure = (
                "auditrail.report.types.", "auditrail.report.gap_types.", "auditrail.report.steps.",
                "auditrail.report.baseline.fingerprint", "auditrail.report.incident_types.",
                "auditrail.report.check_types.",
            )  # fmt: skip
            assert all(name.startswith(pure) for name in reports), module


@pytest.mark.parametrize("module", MODULES)
def test_heavy_imports_stand_where_they_may(module: str) -> None:
    top = {name.partition(".")[0] for name in imports(TREES[module], top_only=True)}
    if not module.startswith("auditrail.ingest.fast_"):  # twins are imported when one is needed
        assert top.isdisjoint({"duckdb", "pyarrow", "rich"})
    everywhere = {name.partition(".")[0] for name in imports(TREES[module])}
    if "duckdb" in everywhere:
        assert module in ENGINE or module.startswith("auditrail.ingest.fast_")
    if area(module) in ("readers", "containers", "outputs"):
        assert "duckdb" not in everywhere
    if "rich" in everywhere:
        assert area(module) in ("cli", "outputs", "text")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_it_is_and_imports_nothing(package: str) -> None:
    tree = TREES[package]
    doc = ast.get_docstring(tree)
    assert doc
    assert len(doc) > 100
    if package not in ("auditrail.cli", "auditrail.seal"):  # entry points: of the command, and of programs
        assert list(imports(tree)) == []


def test_the_command_line_starts_without_the_engine() -> None:
    code = (
        "import sys; from auditrail.cli import _main; _main.build(); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_of_a_size_to_read(module: str) -> None:
    lines = len(MODULES[module].read_text("utf-8").splitlines())
    if module in LARGE:
        assert lines > 400, f"{module} is small again: take it off the list"
        assert lines < 700
    else:
        assert lines <= 400


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_docstring(module: str) -> None:
    assert ast.get_docstring(TREES[module])
