"""Notification tells the people on duty, and the next ones when nobody answers.

consumes  internal.cases.v1       case-opened, -deadline-missed, and what makes a page needless
publishes internal.deliveries.v1  notification-delivered, -failed
owns      MongoDB `notification`: deliveries
serves    GET /v1/roster (duties by body and level, without contacts; local only)
"""
