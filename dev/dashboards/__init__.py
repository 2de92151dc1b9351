"""Grafana's dashboards: written here, kept as JSON in the chart.

Belongs here: which numbers are shown and how. `python -m dev.dashboards` writes the JSON.
"""
