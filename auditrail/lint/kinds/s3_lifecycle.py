"""Lifecycle rules of S3: `get-bucket-lifecycle-configuration` dumps, Terraform and CloudFormation, one rule each.

Facts: S3 API (LifecycleRule), Terraform's aws_s3_bucket_lifecycle_configuration, AWS::S3::Bucket.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, cloudformation, listed, terraform

NAME = "s3-lifecycle"
TITLE = "S3 lifecycle rules"
NEEDLES = ("Transitions", "Noncurrent", "Expiration", "aws_s3_bucket_lifecycle_configuration", "lifecycle_rule")


_TELLING = ("Expiration", "Transitions", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
_RESOURCES = (("aws_s3_bucket_lifecycle_configuration", "rule"), ("aws_s3_bucket", "lifecycle_rule"))


def find(document: Document) -> Iterator[Section]:
    """Rules that are not disabled."""
    for each in _all(document):
        if each.text("Status", "status") != "Disabled" and each.truth("enabled") is not False:
            yield each


def _all(document: Document) -> Iterator[Section]:
    for root in document.roots:
        for number, node in enumerate(listed(root, "Rules")):
            if any(key in node.mapping() for key in _TELLING):
                yield Section(document, node, values.text(node.at("ID")) or f"rule {number + 1}", "dump")
    for kind, key in _RESOURCES:
        for bucket in terraform(document, kind):
            for number, node in enumerate(listed(bucket.node, key)):
                yield Section(document, node, f"{bucket.scope}.{_id(node, number)}", "terraform")
    for bucket in cloudformation(document, "AWS::S3::Bucket"):
        for number, node in enumerate(listed(bucket.node, "LifecycleConfiguration.Rules")):
            yield Section(document, node, f"{bucket.scope}.{_id(node, number)}", "cloudformation")


def _id(node: Node, number: int) -> str:
    return values.text(node.at("id")) or values.text(node.at("Id")) or f"rule {number + 1}"
