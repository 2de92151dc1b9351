"""The page of metrics says what the processes export."""

from dev.docs import metrics


def test_the_page_is_up_to_date() -> None:
    """If not: python -m dev.docs.metrics."""
    assert metrics.PAGE.read_text() == metrics.page()


def test_labels_are_known_before_a_metric_has_a_series() -> None:
    found = {each.name: each for each in metrics.processes()["Engine"]}

    assert found["polyant_turns_total"].labels == ("state", "error")
    assert found["polyant_http_request_seconds"].series == {
        "polyant_http_request_seconds_bucket": {"route", "le"},
        "polyant_http_request_seconds_count": {"route"},
        "polyant_http_request_seconds_sum": {"route"},
    }


def test_every_metric_says_what_it_means() -> None:
    for found in metrics.processes().values():
        assert all(each.about for each in found)
