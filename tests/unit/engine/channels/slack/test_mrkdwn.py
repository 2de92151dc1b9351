"""What people wrote, as they see it."""

import pytest

from polyant_engine.channels.slack import mrkdwn

ME = "U0BOT"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        (f"<@{ME}> hello", "hello"),
        (f"<@{ME}>: hello", "hello"),
        (f"<@{ME}|helper>, hello", "hello"),
        (f"what, <@{ME}> and <@U1>?", "what, and @U1?"),
        (f"<@{ME}>", ""),
        ("<@U1|ada> in <#C1|general> or <#C2>", "@ada in #general or #C2"),
        ("<!here> <!channel> <!subteam^S1|@devs>", "@here @channel @devs"),
        ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
        ("<https://x.y/?a=1&amp;b=2>", "https://x.y/?a=1&b=2"),
        ("<https://x.y|x.y> <https://x.y|here>", "https://x.y here (https://x.y)"),
        ("<mailto:a@b.c|a@b.c>", "a@b.c"),
        ("2 < 3 > 1", "2 < 3 > 1"),
        ("<>", "<>"),
        ("&lt;@U1&gt;", "<@U1>"),
    ],
)
def test_markup_is_read_as_it_is_shown(text: str, expected: str) -> None:
    assert mrkdwn.plain(text, ME) == expected


def test_a_mention_is_of_one_user_only() -> None:
    assert mrkdwn.names("hi <@U0BOT|helper>", ME)
    assert not mrkdwn.names("hi <@U0BOT2> &lt;@U0BOT&gt;", ME)
    assert not mrkdwn.names("<@>", "")
