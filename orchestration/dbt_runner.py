"""dbt in this process: one resident runner, pointed at one installation's lake.

Starting dbt costs seconds and reading its project more; a runner that keeps its manifest builds
again without either.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml
from filelock import FileLock

from warehouse.connection import attach_options, catalog_address
from warehouse.errors import DaybookError
from warehouse.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

DBT_PROJECT = PROJECT_ROOT / "dbt_project"


@dataclass(frozen=True)
class NodeResult:
    """What became of one model, seed or test."""

    unique_id: str
    name: str
    kind: str
    status: str
    seconds: float
    message: str
    failures: int | None
    relation: str = ""
    compiled: str = ""


@dataclass(frozen=True)
class DbtResult:
    """What one dbt command did."""

    nodes: list[NodeResult] = field(default_factory=list)

    @property
    def failed(self) -> list[NodeResult]:
        """Nodes that did not do what they should (skipped ones are their consequence)."""
        return [node for node in self.nodes if node.status in ("error", "fail", "runtime error")]

    @property
    def failed_tests(self) -> list[NodeResult]:
        """Failed tests only."""
        return [node for node in self.failed if node.kind == "test"]

    def count(self, kind: str, status: str) -> int:
        """How many nodes of a kind ended so."""
        return sum(node.kind == kind and node.status == status for node in self.nodes)


def target_path(settings: Settings) -> Path:
    """Where dbt keeps its manifest, compiled SQL and run results for this installation."""
    return settings.home / "dbt"


def dbt_environment(settings: Settings, watermark: int | None = None) -> dict[str, str]:
    """The environment that profiles.yml and the plugin read."""
    environment = {
        "DAYBOOK_DBT_LAKE": catalog_address(settings),
        "DAYBOOK_DBT_DATA_PATH": str(attach_options(settings)["DATA_PATH"]),
        "DAYBOOK_HOME": str(settings.home),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(target_path(settings)),
        "DBT_LOG_PATH": str(target_path(settings) / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "DAYBOOK_WATERMARK": "" if watermark is None else str(watermark),
    }
    if settings.config_path is not None:
        environment["DAYBOOK_CONFIG"] = str(Path(settings.config_path).resolve())
    return environment


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# One a process, and one on disk for all, by the files it was read from: no lake is named in it.
_PARSED = DBT_PROJECT / "target"
_MANIFESTS: dict[str, Manifest] = {}
_COMPILED: dict[str, dict[str, str]] = {}
_BETWEEN = "\n-- next --\n"
_LEFT_OUT = "left_out_of_this_command"


def run_dbt(
    settings: Settings,
    command: list[str],
    *,
    variables: dict[str, Any] | None = None,
    watermark: int | None = None,
    without_tests: Collection[str] = (),
    without_views: Collection[str] = (),
    threads: int = 1,
    told: Callable[[str], None] | None = None,
    quiet: bool = True,
) -> DbtResult:
    """Run one dbt command against the installation's lake.

    Args:
        settings: the installation.
        command: e.g. ``["build", "--exclude-resource-type", "unit_test"]``.
        variables: dbt vars.
        watermark: the last load the models may see; None lets them see all.
        without_tests: names of tests that dbt shall not know: it takes seconds to leave out, node
            by node, what a command names.
        without_views: names of views that models may read and that dbt shall not make.
        threads: how many nodes work at once. Writers take turns from BEGIN to COMMIT, so what gains
            are tests and incremental models, which are worked out before they begin.
        told: called with a line for each model, seed and test that ended.
        quiet: leave dbt's own log lines to its log file.

    Raises:
        DaybookError: dbt could not run at all (the project does not parse, the lake is closed).
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    manager: Any = DuckDBConnectionManager

    target = target_path(settings)
    target.mkdir(parents=True, exist_ok=True)
    arguments = [*command, "--target", "embedded" if settings.catalog_url is None else "server"]
    if variables is not None:
        arguments += ["--vars", yaml.safe_dump(variables, default_flow_style=True, width=10**6)]
    if threads > 1:
        arguments += ["--threads", str(threads)]
    if quiet:
        arguments = ["--quiet", "--log-level", "none", "--log-level-file", "info", *arguments]
    with _environment(dbt_environment(settings, watermark)):
        # A kept environment would hold the last home's lake and watermark.
        manager.close_all_connections()
        if command[0] == "parse":
            result = dbtRunner().invoke(arguments)
        else:
            if without_views:
                arguments += ["--exclude", f"tag:{_LEFT_OUT}"]
            with _manifest_without(without_tests, without_views) as manifest:
                callbacks = [] if told is None else [_telling(told)]
                result = dbtRunner(manifest=manifest, callbacks=callbacks).invoke(arguments)
        manager.close_all_connections()
    if result.exception is not None:
        raise DaybookError(
            f"dbt could not run: {' '.join(str(result.exception).split())[:600]}",
            where=f"dbt {' '.join(command)}",
            todo=f"see {target / 'logs' / 'dbt.log'}",
        ) from result.exception
    return DbtResult(_nodes(result.result))


def _telling(told: Callable[[str], None]) -> Callable[[Any], None]:
    def callback(event: Any) -> None:
        if event.info.name in ("LogModelResult", "LogSeedResult", "LogTestResult"):
            told(str(event.info.msg))

    return callback


def compiled_sql(
    settings: Settings, models: list[str], macros: list[str], variables: dict[str, Any]
) -> dict[str, str]:
    """The SQL of models and of calls of macros, as the next build over built tables would run it.

    Args:
        settings: an installation whose models were built once.
        models: names of models.
        macros: calls without arguments, such as ``touched_days()``.
        variables: dbt vars.

    Returns:
        SQL by name of the model or by call.
    """
    # No lake is named in what is compiled: "lake" is whichever one is attached.
    key = f"{project_digest()} {models} {macros} {variables}"
    if key not in _COMPILED:
        # Apart from the last build's own results, which stay to be looked at.
        command = [
            "compile",
            "--no-write-json",
            "--target-path",
            str(target_path(settings) / "live"),
        ]
        result = run_dbt(settings, [*command, "--select", *models], variables=variables)
        texts = {node.name: node.compiled for node in result.nodes if node.kind == "model"}
        calls = _BETWEEN.join("{{ " + macro + " }}" for macro in macros)
        [node] = run_dbt(settings, [*command, "--inline", calls], variables=variables).nodes
        texts |= dict(zip(macros, node.compiled.split(_BETWEEN), strict=True))
        _COMPILED[key] = texts
    return _COMPILED[key]


def _nodes(result: Any) -> list[NodeResult]:
    return [
        NodeResult(
            unique_id=item.node.unique_id,
            name=item.node.name,
            kind=str(item.node.resource_type.value),
            status=str(item.status.value if hasattr(item.status, "value") else item.status),
            seconds=float(item.execution_time or 0.0),
            message=str(item.message or ""),
            failures=item.failures,
            relation=getattr(item.node, "relation_name", None) or "",
            compiled=getattr(item.node, "compiled_code", None) or "",
        )
        for item in getattr(result, "results", [])
    ]


def conversion_variables(settings: Settings) -> dict[str, str | int]:
    """The dbt vars that say what amounts are converted into: views keep them in their text."""
    return {
        "reporting_currency": settings.reporting_currency,
        "fx_max_age_days": settings.fx_max_age_days,
    }


def project_digest() -> str:
    """What the dbt project is made of: one hash over its files."""
    digest = hashlib.sha256((DBT_PROJECT / "dbt_project.yml").read_bytes())
    for folder in ("macros", "models", "seeds", "tests"):
        for file in sorted((DBT_PROJECT / folder).rglob("*")):
            if file.is_file():
                digest.update(str(file.relative_to(DBT_PROJECT)).encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def parsed_project(settings: Settings) -> Manifest:
    """The models, seeds, tests and sources of the project, as dbt read them."""
    with _environment(dbt_environment(settings)):
        return _manifest()


def tests_of_unchanged_rows(
    settings: Settings, changed: set[str], *, with_seeds: bool
) -> list[str]:
    """Names of tests that would look at the same rows as before.

    A test of a staging view says the same until one of the raw tables behind it was loaded again;
    a test of a seed until the project changes. Tests of anything above always run.

    Args:
        changed: raw tables that were loaded since the tests last passed.
        with_seeds: name the tests of seeds too.
    """
    manifest = parsed_project(settings)
    nodes = manifest.nodes
    found: list[str] = []
    for node in nodes.values():
        if node.resource_type.value != "test":
            continue
        parents = [nodes[key] for key in getattr(node.depends_on, "nodes", []) if key in nodes]
        seeds = [parent for parent in parents if parent.resource_type.value == "seed"]
        views = [parent for parent in parents if parent.fqn[1:2] == ["staging"]]
        if not parents or len(seeds) + len(views) < len(parents):
            continue
        rows = {table for view in views for table in _raw_tables_behind(manifest, view.unique_id)}
        if not rows & changed and (views or with_seeds):
            found.append(node.name)
    return sorted(found)


def _raw_tables_behind(manifest: Manifest, unique_id: str) -> set[str]:
    if unique_id in manifest.sources:
        source = manifest.sources[unique_id]
        return {source.name} if source.source_name in ("raw", "pii") else set()
    # A seed stands on nothing.
    above = getattr(manifest.nodes[unique_id].depends_on, "nodes", [])
    return {table for key in above for table in _raw_tables_behind(manifest, key)} - {"superseded"}


def _manifest() -> Manifest:
    digest = project_digest()
    if digest not in _MANIFESTS:
        _MANIFESTS[digest] = _kept_manifest(digest)
    return _MANIFESTS[digest]


@contextmanager
def _manifest_without(tests: Collection[str], views: Collection[str]) -> Iterator[Manifest]:
    """The parsed project, which does not know these tests and has these views tagged meanwhile."""
    manifest = _manifest()
    all_nodes, left_out = manifest.nodes, frozenset(tests)
    manifest.nodes = {
        key: node
        for key, node in all_nodes.items()
        if node.resource_type.value != "test" or node.name not in left_out
    }
    tagged = [
        node
        for node in all_nodes.values()
        if node.resource_type.value == "model" and node.name in frozenset(views)
    ]
    for node in tagged:
        node.tags.append(_LEFT_OUT)
    try:
        yield manifest
    finally:
        for node in tagged:
            node.tags.remove(_LEFT_OUT)
        manifest.nodes = all_nodes


def _kept_manifest(digest: str) -> Manifest:
    """The parsed project, read back where some process parsed the same files before."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder
    from dbt.version import get_installed_version

    versions = f"{get_installed_version().to_version_string()} {sys.version}"
    name = hashlib.sha256(f"{digest} {versions}".encode()).hexdigest()[:16]
    kept = _PARSED / f"daybook-{name}.msgpack"
    try:
        _PARSED.mkdir(exist_ok=True)
        with FileLock(_PARSED / "parsing.lock"):
            if kept.exists():
                manifest = Manifest.from_msgpack(
                    kept.read_bytes(), decoder=extended_mashumuro_decoder
                )
                manifest.build_flat_graph()  # type: ignore[no-untyped-call]
                return manifest
            manifest = _parsed()
            for outdated in _PARSED.glob("daybook-*.msgpack"):
                outdated.unlink()
            unfinished = kept.with_suffix(".part")
            unfinished.write_bytes(manifest.to_msgpack(extended_mashumaro_encoder))
            unfinished.replace(kept)
            return manifest
    except OSError:
        # A project installed where this user may not write is parsed by every process.
        return _parsed()


def _parsed() -> Manifest:
    # Parsed apart from the command and without its variables: they change with every build, and
    # dbt would read the whole project again for them.
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(["--quiet", "--log-level", "none", "parse"])
    if not result.success:
        raise DaybookError(
            f"The dbt project does not parse: {' '.join(str(result.exception).split())[:600]}",
            where=str(DBT_PROJECT),
            todo="correct the model it names",
        )
    return cast("Manifest", result.result)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as anywhere:
        parsed_project(Settings(home=Path(anywhere)))
