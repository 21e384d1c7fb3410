"""The incidents on file. Each folder holds one: its story, code before and after, checks."""

from . import (
    cent_split,
    day_bucket,
    feed_columns,
    flag_prefix,
    job_lease,
    label_twins,
    mutable_hooks,
    order_intake,
    overdue_report,
    page_window,
    price_cache,
    retry_policy,
    settings_loader,
    upload_names,
)

ALL_INCIDENTS = (
    cent_split.INCIDENT,
    day_bucket.INCIDENT,
    feed_columns.INCIDENT,
    flag_prefix.INCIDENT,
    job_lease.INCIDENT,
    label_twins.INCIDENT,
    mutable_hooks.INCIDENT,
    order_intake.INCIDENT,
    overdue_report.INCIDENT,
    page_window.INCIDENT,
    price_cache.INCIDENT,
    retry_policy.INCIDENT,
    settings_loader.INCIDENT,
    upload_names.INCIDENT,
)
