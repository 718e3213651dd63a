"""Classification decides what a report is about and whether harm makes it urgent, each with the words that decided.

consumes  internal.reports.v1          report-submitted, report-added-to
publishes internal.classifications.v1  report-classified
owns      nothing: it can be stopped, replaced and run again over the same reports
serves    probes only
"""
