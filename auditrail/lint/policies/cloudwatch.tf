# CloudWatch for records of AI agents: 400 days in the log group, everything on to a bucket whose objects nobody can
# delete for 400 days. CloudWatch has no hashing: let the Collector or the application hash secrets, and attach no data
# protection policy that masks arguments.
#
# Seal each object as it is fetched: auditrail seal FILE --key seal.key
# COMPLIANCE cannot be undone: try it with days = 1 in a bucket that you can do without.

variable "firehose_arn" {
  type        = string
  description = "Delivery stream that writes to the bucket, without a processor that filters"
}

variable "firehose_role_arn" {
  type        = string
  description = "Role that CloudWatch Logs takes to write to the delivery stream"
}

variable "bucket" {
  type = string
}

resource "aws_cloudwatch_log_group" "agents" {
  name                        = "/agents/runs"
  retention_in_days           = 400
  log_group_class             = "STANDARD"
  deletion_protection_enabled = true
}

# The policy's decisions are kept as long as the runs: a run is whole for as long as the shorter of both.
resource "aws_cloudwatch_log_group" "decisions" {
  name                        = "/agents/decisions"
  retention_in_days           = 400
  log_group_class             = "STANDARD"
  deletion_protection_enabled = true
}

# An empty pattern: every event goes on, failed or not.
resource "aws_cloudwatch_log_subscription_filter" "agents" {
  name            = "agents-to-bucket"
  log_group_name  = aws_cloudwatch_log_group.agents.name
  filter_pattern  = ""
  destination_arn = var.firehose_arn
  role_arn        = var.firehose_role_arn
}

resource "aws_cloudwatch_log_subscription_filter" "decisions" {
  name            = "decisions-to-bucket"
  log_group_name  = aws_cloudwatch_log_group.decisions.name
  filter_pattern  = ""
  destination_arn = var.firehose_arn
  role_arn        = var.firehose_role_arn
}

resource "aws_s3_bucket" "audit" {
  bucket              = var.bucket
  object_lock_enabled = true
}

resource "aws_s3_bucket_versioning" "audit" {
  bucket = aws_s3_bucket.audit.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "audit" {
  bucket = aws_s3_bucket.audit.id
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 400
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "audit" {
  bucket = aws_s3_bucket.audit.id
  rule {
    id     = "cheaper, and still read at once"
    status = "Enabled"
    filter {}
    transition {
      days          = 90
      storage_class = "GLACIER_IR"
    }
  }
}
