"""Intake takes a report from a commune, masks it, stores it durably and answers; later it shows what came of it.

consumes  internal.cases.v1    what happens to a report's cases, for its timeline
publishes internal.reports.v1  report-submitted, -withdrawn, reply-delivered
owns      MongoDB `intake`: reports, withdrawals, keys
serves    /v1/reports, /v1/communes
"""
