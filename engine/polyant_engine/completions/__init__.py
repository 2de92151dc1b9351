"""The OpenAI-compatible API: `POST /v1/chat/completions` and `GET /v1/models`.

Here belong the request's validation, the answer's wire format, streaming, and the limits per API
key. What a turn is and how it is committed does not: that is `conversations`.
"""
