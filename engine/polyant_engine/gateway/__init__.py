"""Model providers behind one port.

Here belong the port (`ChatModel`), the OpenAI-compatible adapter with its own stream parser, the
guard around its connections, retries, and prices. Agents, conversations and HTTP answers to our
own callers do not: the gateway knows a target and a list of messages, and yields deltas.
"""
