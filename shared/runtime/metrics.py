"""The one register of metric names: none is labelled by commune, body or sender, none tells sealed cases apart."""

from prometheus_client import Counter, Gauge, Histogram

AGES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
"""Bucket bounds for ages, in seconds: from a quiet moment to a bad day."""

HTTP_REQUESTS = Counter(
    "langnghe_http_requests_total", "Answers over HTTP, by route template and status.", ["service", "route", "status"]
)
HTTP_SECONDS = Histogram("langnghe_http_request_seconds", "Time to answer over HTTP, by route.", ["service", "route"])

REPORTS_ACCEPTED = Counter("langnghe_reports_accepted_total", "Reports stored durably and answered 202.")
REPORTS_RESENT = Counter("langnghe_reports_resent_total", "Reports that had been stored before: resends absorbed.")
REPORTS_CLASSIFIED = Counter("langnghe_reports_classified_total", "Reports that were given topics and grounds.")
CASES_OPENED = Counter("langnghe_cases_opened_total", "Cases put in a queue for the first time.")
CASES_ACKNOWLEDGED = Counter("langnghe_cases_acknowledged_total", "Cases that an officer acknowledged.")
CASES_ANSWERED = Counter("langnghe_cases_answered_total", "Replies sent on their way to the sender.")
DEADLINES_MISSED = Counter("langnghe_deadlines_missed_total", "Steps of a clock that ran out.", ["step"])
CLASSIFIED_AGE = Histogram("langnghe_classified_age_seconds", "Age of a report when it was classified.", buckets=AGES)
QUEUED_AGE = Histogram("langnghe_queued_age_seconds", "Age of a report when its case was in its queue.", buckets=AGES)
ACKNOWLEDGED_AGE = Histogram(
    "langnghe_acknowledged_age_seconds", "Age of a case when it was acknowledged.", buckets=AGES
)
NOTIFICATIONS = Counter(
    "langnghe_notifications_total",
    "Messages to people on duty: delivered, retried, failed for good, or nobody left to tell (ladder_ended).",
    ["result"],
)

RECORDS = Counter(
    "langnghe_records_total", "Records consumed: handled, skipped (a type we do not read) or dead.", ["group", "result"]
)
RETRIES = Counter("langnghe_retries_total", "Batches tried again because something was away.", ["group"])
DEAD_LETTERS = Counter("langnghe_dead_letters_total", "Records given up, by reason.", ["group", "reason"])
PAUSED = Gauge("langnghe_consumer_paused", "1 while too many records in a row failed: nothing is given up.", ["group"])
LAG = Gauge("langnghe_consumer_lag_records", "Records not yet taken, by consumer group and topic.", ["group", "topic"])
CAUGHT_UP = Histogram(
    "langnghe_record_age_seconds", "Age of an event when its consumer had handled it.", ["group"], buckets=AGES
)

OUTBOX_DEPTH = Gauge("langnghe_outbox_documents", "Documents with events not yet published.", ["collection"])
OUTBOX_AGE = Gauge("langnghe_outbox_age_seconds", "Age of the oldest event not yet published.", ["collection"])
OUTBOX_SENT = Counter("langnghe_outbox_sent_total", "Events published from an outbox.", ["collection"])

KAFKA_UP = Gauge("langnghe_kafka_up", "1 while the brokers answer a metadata request.")
MONGO_UP = Gauge("langnghe_mongodb_up", "1 while MongoDB's primary answers.")
LOOP_FAILURES = Counter("langnghe_loop_failures_total", "Rounds of a background loop that failed.", ["loop"])
