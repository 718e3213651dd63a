"""Dashboards as code: Grafana reads the JSON that is generated and committed here."""
