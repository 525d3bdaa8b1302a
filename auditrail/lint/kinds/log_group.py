"""CloudWatch log groups: `describe-log-groups` dumps, Terraform and CloudFormation, one configuration each.

Facts: CloudWatch Logs API (LogGroup), Terraform's aws_cloudwatch_log_group, AWS::Logs::LogGroup.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.documents import Document
from auditrail.lint.section import Section, cloudformation, terraform

NAME = "log-group"
TITLE = "CloudWatch log groups"
NEEDLES = ("logGroups", "aws_cloudwatch_log_group", "AWS::Logs::LogGroup")


DAYS = ("retentionInDays", "retention_in_days", "RetentionInDays")
CLASS = ("logGroupClass", "log_group_class", "LogGroupClass")


def find(document: Document) -> Iterator[Section]:
    """Elements of `logGroups` with a name, and resources."""
    for root in document.roots:
        below = root.at("logGroups")
        for node in below.each() if below is not None else []:
            name = values.text(node.at("logGroupName"))
            if name:
                yield Section(document, node, name, "dump")
    yield from terraform(document, "aws_cloudwatch_log_group")
    yield from cloudformation(document, "AWS::Logs::LogGroup")
