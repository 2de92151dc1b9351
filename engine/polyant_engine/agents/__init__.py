"""Agents: the configured assistants of an installation.

Here belong an agent's settings, prompt sections, secrets and API key, and who may change them.
What an agent says does not: turns are in `conversations`, models in `gateway`.
HTTP keeps the product's historic name for them: `/api/instances`.
"""
