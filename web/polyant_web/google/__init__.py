"""Signing in with Google: OpenID Connect as its documentation describes it, and nothing of pages.

The panel proves who somebody is; whether that person may enter is the engine's to say.
"""
