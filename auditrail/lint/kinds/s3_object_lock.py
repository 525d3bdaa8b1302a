"""Object lock of S3: `get-object-lock-configuration` dumps, Terraform and CloudFormation.

Facts: S3 API (ObjectLockConfiguration), Terraform's aws_s3_bucket_object_lock_configuration.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.section import Section, cloudformation, terraform

NAME = "s3-object-lock"
TITLE = "S3 object lock"
NEEDLES = ("ObjectLockConfiguration", "aws_s3_bucket_object_lock_configuration")


_RETENTION = ("Rule.DefaultRetention", "rule.default_retention")
MODE = tuple(f"{path}.{key}" for path, key in zip(_RETENTION, ("Mode", "mode"), strict=True))
DAYS = tuple(f"{path}.{key}" for path, key in zip(_RETENTION, ("Days", "days"), strict=True))
YEARS = tuple(f"{path}.{key}" for path, key in zip(_RETENTION, ("Years", "years"), strict=True))


def find(document: Document) -> Iterator[Section]:
    """Configurations of object lock, whether they have a default retention or not."""
    for root in document.roots:
        node = root.at("ObjectLockConfiguration")
        if node is not None and node.members is not None:
            yield Section(document, node, "", "dump")
    yield from terraform(document, "aws_s3_bucket_object_lock_configuration")
    for bucket in cloudformation(document, "AWS::S3::Bucket"):
        node = bucket.node.at("ObjectLockConfiguration")
        if node is not None and node.members is not None:
            yield Section(document, node, bucket.scope, "cloudformation")
