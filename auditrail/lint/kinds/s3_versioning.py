"""Versioning of S3: `get-bucket-versioning` dumps, Terraform and CloudFormation.

Facts: S3 API (GetBucketVersioning), Terraform's aws_s3_bucket_versioning.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.documents import Document
from auditrail.lint.section import Section, cloudformation, terraform

NAME = "s3-versioning"
TITLE = "S3 versioning"
NEEDLES = ("Suspended", "MFADelete", "aws_s3_bucket_versioning", "VersioningConfiguration")


STATUS = ("versioning_configuration.status", "VersioningConfiguration.Status", "Status")
_DUMP = frozenset(("Status", "MFADelete", "MfaDelete"))


def find(document: Document) -> Iterator[Section]:
    """A document that is nothing but a status of versioning, and resources."""
    for root in document.roots:
        keys = set(root.mapping())
        if keys and keys <= _DUMP and values.text(root.at("Status")) in ("Enabled", "Suspended"):
            yield Section(document, root, "", "dump")
    yield from terraform(document, "aws_s3_bucket_versioning")
    for bucket in cloudformation(document, "AWS::S3::Bucket"):
        if "VersioningConfiguration" in bucket.node.mapping():
            yield bucket
