"""The OpenTelemetry Collector: components, and the pipelines that use them.

Wherever it stands: a file of its own, a ConfigMap, the `config` of an OpenTelemetryCollector resource or of a Helm
chart's values. The names of the keys are those of the Collector (docs: configuration) in every one of them.

Helm merges a chart's values into those of the chart: what such a file does not say may stand in the chart (`merged`).

A file may hold a part only (several `--config` are merged): without `service.pipelines` nothing tells what is used, so
all of its components count as used, and `whole` is false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from auditrail.lint import values
from auditrail.lint.documents import Document
from auditrail.lint.node import Member, Node
from auditrail.lint.parsed import Remark

NAME = "collector"
TITLE = "OpenTelemetry Collector"
NEEDLES = ("pipelines", "processors", "exporters")

SECTIONS = ("receivers", "processors", "exporters", "connectors", "extensions")
# Processors and exporters that nothing else is configured with: a part of a configuration is told by them.
_TELLING = frozenset(
    (
        "tail_sampling", "probabilistic_sampler", "redaction", "attributes", "resource", "transform", "filter",
        "memory_limiter", "batch", "groupbytrace", "span", "k8sattributes", "resourcedetection", "otlp", "otlphttp",
        "otlp_http", "otlp_grpc", "debug", "logging", "file", "loadbalancing",
    )
)  # fmt: skip
# Readers of what comes out of a Collector: a rule about it touches no other stream.
FORMATS = (
    "otlp", "otlp_protobuf", "jaeger", "zipkin", "phoenix", "elasticsearch", "loki", "datadog", "splunk",
)  # fmt: skip
# Processors of the distributions core and contrib, present and past; what rules look at is among them. What another
# one does to records nobody can tell from its settings.
_PROCESSORS = frozenset(
    (
        "attributes", "batch", "coralogix", "cumulativetodelta", "datadog", "deltatocumulative", "deltatorate",
        "dnslookup", "elasticapm", "elastictrace", "experimental_metricsgeneration", "filter", "geoip",
        "groupbyattrs", "groupbytrace", "interval", "isolationforest", "k8s_attributes", "k8sattributes",
        "logdedup", "logs_transform", "logstransform", "lookup", "memory_limiter", "metricsgeneration",
        "metricstarttime", "metricstransform", "probabilistic_sampler", "queued_retry", "redaction",
        "remotetap", "resource", "resourcedetection", "routing", "schema", "service_graph", "servicegraph",
        "span", "spanmetrics", "sumologic", "tail_sampling", "transform", "unroll",
    )
)  # fmt: skip
# Requests of probes, of monitoring, and for files of a page: in attributes, patterns and conditions.
_PROBE = re.compile(
    r"health|liveness|readiness|\b(?:live|ready|ping|status|heartbeat|favicon|robots)z?\b|/metrics\b|kube-probe|"
    r"googlehc|elb-|\.(?:js|css|png|ico|svg)\b",
    re.IGNORECASE,
)
_OR = re.compile(r"\s+or\s+")
_NAMING = frozenset(("name", "type", "key", "invert_match", "enabled_regex_matching", "cache_max_size", "error_mode"))
# Exporters that send away through a queue of exporterhelper.
QUEUED = (
    "otlp", "otlp_grpc", "otlphttp", "otlp_http", "kafka", "elasticsearch", "opensearch", "splunk_hec", "datadog",
    "clickhouse", "zipkin", "coralogix", "azuremonitor", "googlecloud", "loki", "sumologic", "signalfx",
)  # fmt: skip
SIGNALS = ("traces", "logs", "metrics", "profiles")


class Pipeline(NamedTuple):
    """One pipeline: its signal, its key, and (name, where it is named) of its components in their order."""

    id: str
    signal: str
    member: Member
    receivers: tuple[tuple[str, Node], ...]
    processors: tuple[tuple[str, Node], ...]
    exporters: tuple[tuple[str, Node], ...]


@dataclass(slots=True)
class Component:
    """One component: `processors` and `tail_sampling/agents`, of type `tail_sampling`.

    `pipelines` are those that use it; empty where it is not used, or where nothing tells.
    """

    section: str
    id: str
    type: str
    member: Member
    pipelines: list[Pipeline] = field(default_factory=list)

    @property
    def node(self) -> Node:
        return self.member.node

    def signals(self) -> set[str]:
        """The signals that go through it; all of them where nothing tells."""
        return {pipeline.signal for pipeline in self.pipelines} or set(SIGNALS)


@dataclass(slots=True)
class Collector:
    """One configuration."""

    document: Document
    root: Node
    line: int
    column: int
    whole: bool
    merged: bool = False
    components: dict[tuple[str, str], Component] = field(default_factory=dict)
    pipelines: list[Pipeline] = field(default_factory=list)

    def used(self, section: str, *types: str) -> Iterator[Component]:
        """Components of a section, of these types or of all, that some pipeline uses; all of a part."""
        for component in self.components.values():
            fits = component.section == section and (not types or component.type in types)
            if fits and (component.pipelines or not self.whole):
                yield component

    def carrying(self, section: str, *types: str) -> Iterator[Component]:
        """As `used`, those through which traces or logs go: what only metrics go through takes no record of a run."""
        return (each for each in self.used(section, *types) if each.signals() & {"traces", "logs"})

    def remarks(self) -> Iterator[Remark]:
        """Processors of which nothing is known here: they may drop, mask or change records."""
        for component in self.carrying("processors"):
            if component.type not in _PROCESSORS and not component.member.node.open:
                said = f"processor {component.id[:80]} is not known here: what it drops or changes is not checked"
                yield Remark(component.member.line, said)

    def processors(self, pipeline: Pipeline) -> Iterator[Component]:
        """The processors of a pipeline, in its order; one that is not defined is left out."""
        for name, _ in pipeline.processors:
            component = self.components.get(("processors", name))
            if component is not None:
                yield component


def find(document: Document) -> Iterator[Collector]:
    """Mappings that hold `service.pipelines`, or sections with components that only a Collector has."""
    for root in document.roots:
        inside: set[int] = set()
        # A manifest says what it is, wherever it stands; values of a chart do not.
        manifest = document.inner or any("apiVersion" in node.mapping() for node in root.walk())
        for node in root.walk():
            if id(node) in inside or node.members is None:
                continue
            made = _collector(document, node)
            if made is not None:
                made.merged = node is not root and not manifest
                inside |= {id(below) for below in node.walk()}
                yield made


def _collector(document: Document, node: Node) -> Collector | None:
    pipelines = node.at("service", "pipelines")
    whole = (
        pipelines is not None
        and pipelines.members is not None
        and any(key.partition("/")[0] in SIGNALS for key in pipelines.mapping())
    )
    if not whole and not _is_part(node):
        return None
    made = Collector(document, node, node.line, node.column, whole)
    for section in SECTIONS:
        below = node.at(section)
        for key, member in (below.mapping() if below is not None else {}).items():
            made.components[section, key] = Component(section, key, key.partition("/")[0].strip(), member)
    if whole and pipelines is not None:
        _pipelines(made, pipelines)
    return made


def _is_part(node: Node) -> bool:
    for section in ("processors", "exporters"):
        below = node.at(section)
        keys = {key.partition("/")[0] for key in below.mapping()} if below is not None else set()
        if keys & _TELLING and (
            keys <= _TELLING or any(name in node.mapping() for name in SECTIONS if name != section)
        ):
            return True
    return False


def _pipelines(made: Collector, pipelines: Node) -> None:
    for key, member in pipelines.mapping().items():
        parts = {name: _named(member.node.at(name)) for name in ("receivers", "processors", "exporters")}
        pipeline = Pipeline(key, key.partition("/")[0], member, **parts)
        made.pipelines.append(pipeline)
        for section, named in parts.items():
            for name, _ in named:
                component = made.components.get((section, name))
                if component is not None and pipeline not in component.pipelines:
                    component.pipelines.append(pipeline)


def _named(node: Node | None) -> tuple[tuple[str, Node], ...]:
    return tuple((values.text(item) or item.text, item) for item in values.strings(node))


def is_probe(condition: str) -> bool:
    """Whether each side of a condition is about health checks and the like: what agents do is not in such requests."""
    return all(_PROBE.search(side) for side in _OR.split(condition))


def only_probes(node: Node) -> bool:
    """Whether all values and conditions below are about health checks and the like."""
    said: list[str] = []
    stack = [node]
    while stack:
        each = stack.pop()
        stack += each.each()
        stack += [member.node for key, member in each.mapping().items() if key not in _NAMING]
        if each.is_scalar and each.text:
            said.append(each.text)
    return bool(said) and all(map(is_probe, said))
