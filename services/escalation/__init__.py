"""Escalation opens a case in the queue of whoever must answer, watches its clocks and takes the officers' moves.

consumes  internal.classifications.v1  report-classified
          internal.reports.v1          report-withdrawn
          internal.deliveries.v1       notification-delivered, notification-failed
publishes internal.cases.v1            what happens to a case; a reply's text for intake
          body.<body>.cases.v1         the same as references; of sealed cases the committee's gets ground and day
owns      MongoDB `escalation`: cases (notices of sealed ones among them), withdrawals, audit
serves    /v1/cases, /v1/queues
"""
