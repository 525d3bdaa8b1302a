"""Subscription filters of CloudWatch: `describe-subscription-filters` dumps, Terraform and CloudFormation.

Facts: CloudWatch Logs API (SubscriptionFilter), user guide (SubscriptionFilters).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.documents import Document
from auditrail.lint.section import Section, cloudformation, terraform

NAME = "subscription-filter"
TITLE = "CloudWatch subscription filters"
NEEDLES = ("subscriptionFilters", "aws_cloudwatch_log_subscription_filter", "AWS::Logs::SubscriptionFilter")


PATTERN = ("filterPattern", "filter_pattern", "FilterPattern")
DISTRIBUTION = ("distribution", "Distribution")
DESTINATION = ("destinationArn", "destination_arn", "DestinationArn")


def find(document: Document) -> Iterator[Section]:
    """Elements of `subscriptionFilters` with a name, and resources."""
    for root in document.roots:
        below = root.at("subscriptionFilters")
        for node in below.each() if below is not None else []:
            name = values.text(node.at("filterName"))
            if name:
                yield Section(document, node, name, "dump")
    yield from terraform(document, "aws_cloudwatch_log_subscription_filter")
    yield from cloudformation(document, "AWS::Logs::SubscriptionFilter")
