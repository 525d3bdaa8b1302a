"""The kubelet deletes old output of containers.

Facts: Kubernetes, KubeletConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "kubelet-log-rotation"
TITLE = "The kubelet deletes old output of containers"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("kubelet",)
CAUSE = "retention"
CONTROLS = ("NIST 800-53 AU-11", "NIST 800-53 AU-4")
EXPLAIN = (
    "The kubelet keeps containerLogMaxFiles (5) files of containerLogMaxSize (10Mi) for each container, and none "
    "once the pod is gone."
)
EXAMPLE = """kind: KubeletConfiguration
apiVersion: kubelet.config.k8s.io/v1beta1
containerLogMaxSize: 5Mi
"""
REMEDY = "collect the output as it is written; raise both for nodes on which agents run"
CAUSES_GAPS = ("stream-expired", "stream-cut")
PARAMS = {"mib": 50.0}


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit where less than the parameter is kept of a container."""
    size_at, files_at = config.member("containerLogMaxSize"), config.member("containerLogMaxFiles")
    size = values.size(values.text(size_at.node) or "") if size_at is not None else 10 * 1024**2
    files = values.number(files_at.node) if files_at is not None else 5
    place = size_at or files_at or config
    if size and files and size * files <= context.param(ID, "mib") * 1024**2:
        yield Hit(
            place.line, place.column, f"Of each container {size * files / 1024**2:.0f} MiB of output stay on the node.",
            "containerLogMaxSize: 100Mi, containerLogMaxFiles: 10, and a collector", "rotation",
        )  # fmt: skip
