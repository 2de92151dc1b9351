"""Messages of Telegram, Slack, WhatsApp and other agents: in, answered by turns, and out.

Here belong the inbox and its bursts, the outbox and how a part of it is sent, and the adapters of
the vendors. What a turn is does not: `conversations` runs those of channels like any other.
"""
