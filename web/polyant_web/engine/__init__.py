"""The engine as the panel sees it: calls, their results as frozen models, their errors.

No pages, no cookies, no forms here; nothing outside this package makes a request to the engine.
"""
