"""The LiteLLM proxy's config.yaml.

Facts: LiteLLM's documentation, proxy configuration.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, holding

NAME = "litellm"
TITLE = "LiteLLM proxy"
NEEDLES = ("litellm_settings", "model_list")


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    return holding(document, _is)


def _is(node: Node) -> bool:
    models = node.at("model_list")
    settings = node.at("litellm_settings")
    return (models is not None and any("litellm_params" in each.mapping() for each in models.each())) or (
        settings is not None and settings.members is not None
    )
