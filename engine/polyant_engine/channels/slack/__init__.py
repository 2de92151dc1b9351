"""Slack: reads events, writes messages, holds sockets; what a message means is decided elsewhere.

Formatting and reading are pure. `api` speaks the Web API, `sockets` speaks Socket Mode, `routes` is
what the Events API calls.
"""
