"""Telegram: reads updates, writes messages, polls; what a message means is decided elsewhere.

Formatting, splitting and reading are pure. `api` is the only file that speaks HTTP.
"""
