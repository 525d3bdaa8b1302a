"""The kubelet's configuration (KubeletConfiguration).

Facts: Kubernetes reference, kubelet.config.k8s.io/v1beta1.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, holding

NAME = "kubelet"
TITLE = "Kubelet"
NEEDLES = ("KubeletConfiguration", "containerLogMax")


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    return holding(document, _is)


def _is(node: Node) -> bool:
    said = node.at("kind")
    return said is not None and said.text == "KubeletConfiguration"
