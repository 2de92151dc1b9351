"""WhatsApp and SMS by Twilio: webhooks come to any replica, messages go out by calls.

Which of the two a conversation is, its address says: `whatsapp:+49...` or `+49...`. Reading,
rendering, signatures and statuses are pure; `api` is the only file that speaks HTTP to the vendor.
"""
