"""What protects the panel: trusted origin, cookies, form tokens, headers, body limit, safe redirects.

Pure rules and pure ASGI middleware; pages and the engine's interface stay outside.
"""
