"""What of a machine's pip settings reaches a build."""

import configparser

from dev.images import pipconfig


def rendered(listing: str | None) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read_string(pipconfig.render(listing))
    return dict(parser["global"])


def test_index_and_proxy_are_forwarded() -> None:
    listing = "global.index-url='https://mirror.example/simple'\n:env:.proxy='http://proxy:3128'\n"

    assert rendered(listing)["index-url"] == "https://mirror.example/simple"
    assert rendered(listing)["proxy"] == "http://proxy:3128"


def test_folders_of_this_machine_are_not() -> None:
    listing = ":env:.find-links='/srv/wheels'\nglobal.cert='/etc/ssl/ca.crt'\n"

    assert "find-links" not in rendered(listing)
    assert rendered(listing)["cert"] == pipconfig.INSIDE


def test_several_indexes_stay_several() -> None:
    listing = "global.extra-index-url='https://a.example\\nhttps://b.example'\n"

    assert rendered(listing)["extra-index-url"].split() == [
        "https://a.example",
        "https://b.example",
    ]


def test_a_machine_without_pip_settings_gets_the_authorities_alone() -> None:
    assert rendered(None)["cert"] == pipconfig.INSIDE
