"""Model invocation logging of Bedrock: `get-model-invocation-logging-configuration` dumps and Terraform.

Facts: Bedrock API (LoggingConfig), user guide (model-invocation-logging): it is disabled by default.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.section import Section, listed, terraform

NAME = "bedrock-logging"
TITLE = "Bedrock model invocation logging"
NEEDLES = ("loggingConfig", "aws_bedrock_model_invocation_logging_configuration")


TEXT = ("textDataDeliveryEnabled", "text_data_delivery_enabled")
CLOUDWATCH = ("cloudWatchConfig", "cloudwatch_config")
LARGE = tuple(
    f"{path}.{key}"
    for path, key in zip(CLOUDWATCH, ("largeDataDeliveryS3Config", "large_data_delivery_s3_config"), strict=True)
)
S3 = ("s3Config", "s3_config")
_KNOWN = frozenset((*TEXT, *CLOUDWATCH, *S3, "imageDataDeliveryEnabled", "embeddingDataDeliveryEnabled"))


def find(document: Document) -> Iterator[Section]:
    """The `loggingConfig` of a dump, and the `logging_config` of resources."""
    for root in document.roots:
        node = root.at("loggingConfig")
        if node is not None and (set(node.mapping()) & _KNOWN or (len(root.mapping()) == 1 and not node.mapping())):
            yield Section(document, node, "", "dump")
    for found in terraform(document, "aws_bedrock_model_invocation_logging_configuration"):
        inner = listed(found.node, "logging_config")
        yield Section(document, inner[0] if inner else found.node, found.scope, "terraform")
