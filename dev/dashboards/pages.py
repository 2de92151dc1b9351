"""The three pages: all installations, one installation, the operator."""

from typing import Final

from dev.dashboards.panels import Dashboard, Panel, Query, Variable, graph, stat

_READY: Final = 'polyant_instance_condition{type="Ready"}'
_ONE: Final = 'namespace="$namespace", name="$name"'
_PODS: Final = 'namespace="$namespace", polyant_instance="$name"'
_QUEUE: Final = 'name="polyantinstance"'
_CONTROLLER: Final = 'controller="polyantinstance"'
_OPERATOR: Final = "and on (namespace, pod) polyant_operator_leader"
_PROBLEMS: Final = {
    "mappings": [
        {
            "type": "value",
            "options": {
                "1": {"text": "True", "color": "green"},
                "0": {"text": "False", "color": "red"},
                "-1": {"text": "Unknown", "color": "orange"},
            },
        }
    ]
}
_MORE_IS_WORSE: Final = {
    "thresholds": {
        "mode": "absolute",
        "steps": [{"color": "green", "value": None}, {"color": "red", "value": 1}],
    }
}


def _spread(metric: str, labels: str, high: float) -> tuple[Query, Query]:
    return (
        Query(expression=_quantile(0.5, metric, labels), legend="half"),
        Query(expression=_quantile(high, metric, labels), legend=f"{high:.0%}".replace("%", " %")),
    )


def _quantile(share: float, metric: str, labels: str, by: str = "le") -> str:
    return f"histogram_quantile({share}, sum by ({by}) (rate({metric}_bucket{{{labels}}}[5m])))"


def _table(title: str, expression: str, about: str, hidden: tuple[str, ...]) -> Panel:
    hide = {"excludeByName": dict.fromkeys(("Time", "Value", *hidden), True)}
    return Panel(
        title=title,
        queries=(Query(expression=expression, instant=True),),
        about=about,
        kind="table",
        width=12,
        transformations=(
            {"id": "labelsToFields", "options": {"mode": "columns"}},
            {"id": "organize", "options": hide},
        ),
    )


_SCRAPED: Final = ("__name__", "container", "endpoint", "instance", "job", "pod", "service")

FLEET: Final = Dashboard(
    uid="polyant-fleet",
    title="Polyant / Fleet",
    about="All installations: which are ready, which are not, and why.",
    panels=(
        stat("Installations", f"count({_READY})"),
        stat("Ready", f"count({_READY} == 1) or vector(0)"),
        stat("Not ready", f"count({_READY} < 1) or vector(0)", defaults=_MORE_IS_WORSE),
        stat(
            "Need a person",
            'count(polyant_instance_condition{type="Stalled"} == 1) or vector(0)',
            "Stalled: the operator waits until somebody changes something.",
            defaults=_MORE_IS_WORSE,
        ),
        _table(
            "Not ready, and why",
            f'polyant_instance_reason{{reason!="Ready"}} and on (namespace, name) ({_READY} < 1)',
            "The reason of the Ready condition; docs/reference/conditions.md has the cure.",
            _SCRAPED,
        ),
        graph(
            "Installations by reason",
            Query(
                expression="sum by (reason) (polyant_instance_reason)",
                legend="{{reason}}",
            ),
            width=12,
        ),
        graph(
            "Engines that are not ready",
            Query(
                expression='polyant_instance_replicas{component="engine", state="existing"}'
                " - ignoring (state)"
                ' polyant_instance_replicas{component="engine", state="ready"} > 0',
                legend="{{namespace}}/{{name}}",
            ),
        ),
        graph(
            "Turns a second",
            Query(
                expression="sum by (namespace, polyant_instance) (rate(polyant_turns_total[5m]))",
                legend="{{namespace}}/{{polyant_instance}}",
            ),
            unit="reqps",
        ),
        graph(
            "Share of turns that failed",
            Query(
                expression="sum by (namespace, polyant_instance)"
                ' (rate(polyant_turns_total{state="failed"}[5m]))'
                " / sum by (namespace, polyant_instance) (rate(polyant_turns_total[5m]))",
                legend="{{namespace}}/{{polyant_instance}}",
            ),
            unit="percentunit",
        ),
    ),
)

INSTANCE: Final = Dashboard(
    uid="polyant-instance",
    title="Polyant / Installation",
    about="One installation: its conditions, its requests, its turns, its pods.",
    variables=(
        Variable(
            name="namespace",
            label="Namespace",
            expression="polyant_instance_condition",
            values_of="namespace",
        ),
        Variable(
            name="name",
            label="Installation",
            expression='polyant_instance_condition{namespace="$namespace"}',
            values_of="name",
        ),
    ),
    panels=(
        Panel(
            title="Conditions",
            queries=(Query(expression=f"polyant_instance_condition{{{_ONE}}}", legend="{{type}}"),),
            about="Stalled and Reconciling are there only while they are true.",
            kind="state-timeline",
            width=12,
            defaults=_PROBLEMS,
        ),
        graph(
            "Pods",
            Query(
                expression=f"polyant_instance_replicas{{{_ONE}}}",
                legend="{{component}} {{state}}",
            ),
            width=12,
        ),
        graph(
            "Seconds without a leader",
            Query(expression=f"polyant_instance_leader_age_seconds{{{_ONE}}}", legend="{{name}}"),
            unit="s",
            about="0 = an engine leads. A rollout shows as a short peak, or not at all.",
        ),
        graph(
            "Requests a second",
            Query(
                expression=f"sum by (route, status) (rate(polyant_http_requests_total{{{_PODS}}}[5m]))",
                legend="{{route}} {{status}}",
            ),
            unit="reqps",
        ),
        graph(
            "Time until the last byte",
            *_spread("polyant_http_request_seconds", _PODS, 0.95),
            unit="s",
            about="Of the engine; a streamed answer counts until its end.",
        ),
        graph(
            "Requests in flight",
            Query(expression=f"polyant_http_requests_in_flight{{{_PODS}}}", legend="{{pod}}"),
        ),
        graph(
            "Turns a second, by how they ended",
            Query(
                expression=f"sum by (state, error) (rate(polyant_turns_total{{{_PODS}}}[5m]))",
                legend="{{state}} {{error}}",
            ),
            unit="reqps",
        ),
        graph(
            "Time until the model's first sign",
            *_spread("polyant_model_first_token_seconds", _PODS, 0.95),
            unit="s",
        ),
        graph(
            "Time of whole model calls",
            *_spread("polyant_model_call_seconds", _PODS, 0.95),
            unit="s",
        ),
        graph(
            "Panel: requests a second",
            Query(
                expression=f"sum by (route, status) (rate(polyant_web_requests_total{{{_PODS}}}[5m]))",
                legend="{{route}} {{status}}",
            ),
            unit="reqps",
        ),
        graph(
            "Panel: calls to the engine",
            Query(
                expression=f"sum by (status) (rate(polyant_web_engine_calls_total{{{_PODS}}}[5m]))",
                legend="{{status}}",
            ),
            unit="reqps",
            about="`away` means that no engine answered.",
        ),
        graph(
            "Panel: open streams",
            Query(expression=f"polyant_web_open_streams{{{_PODS}}}", legend="{{pod}}"),
        ),
        graph(
            "Memory",
            Query(expression=f"process_resident_memory_bytes{{{_PODS}}}", legend="{{pod}}"),
            unit="bytes",
        ),
        graph(
            "Processor",
            Query(
                expression=f"rate(process_cpu_seconds_total{{{_PODS}}}[5m])",
                legend="{{pod}}",
            ),
        ),
    ),
)

OPERATOR: Final = Dashboard(
    uid="polyant-operator",
    title="Polyant / Operator",
    about="The operator itself: its queue, its reconciles, its requests to the API server.",
    panels=(
        stat("Leaders", "sum(polyant_operator_leader)", "One; more when shards divide the work."),
        stat(
            "Oldest silence of the watches",
            "max(polyant_watch_canary_age_seconds)",
            "At two minutes the operator is started anew.",
            unit="s",
        ),
        stat("Keys waiting", f"sum(workqueue_depth{{{_QUEUE}}})"),
        stat(
            "Longest running work",
            f"max(workqueue_longest_running_processor_seconds{{{_QUEUE}}})",
            unit="s",
        ),
        graph(
            "Reconciles a second, by result",
            Query(
                expression="sum by (result)"
                f" (rate(controller_runtime_reconcile_total{{{_CONTROLLER}}}[5m]))",
                legend="{{result}}",
            ),
            unit="reqps",
        ),
        graph(
            "Time of a reconcile",
            Query(
                expression=_quantile(0.5, "controller_runtime_reconcile_time_seconds", _CONTROLLER),
                legend="half",
            ),
            Query(
                expression=_quantile(
                    0.99, "controller_runtime_reconcile_time_seconds", _CONTROLLER
                ),
                legend="99 %",
            ),
            unit="s",
        ),
        graph(
            "Time in the queue",
            *_spread("workqueue_queue_duration_seconds", _QUEUE, 0.99),
            unit="s",
        ),
        graph(
            "Queue",
            Query(expression=f"sum(rate(workqueue_adds_total{{{_QUEUE}}}[5m]))", legend="added"),
            Query(
                expression=f"sum(rate(workqueue_retries_total{{{_QUEUE}}}[5m]))",
                legend="tried again",
            ),
            unit="reqps",
        ),
        graph(
            "Workers",
            Query(
                expression=f"controller_runtime_active_workers{{{_CONTROLLER}}}",
                legend="{{pod}} at work",
            ),
            Query(
                expression=f"controller_runtime_max_concurrent_reconciles{{{_CONTROLLER}}}",
                legend="{{pod}} in all",
            ),
        ),
        graph(
            "Foreign changes put back, in 5 minutes",
            Query(
                expression="sum by (kind) (increase(polyant_drift_repaired_total[5m]))",
                legend="{{kind}}",
            ),
            about="Repeated ones mean that somebody else wants the same fields.",
        ),
        graph(
            "Requests to the API server, by answer",
            Query(
                expression="sum by (method, code)"
                f" (rate(rest_client_requests_total[5m]) {_OPERATOR})",
                legend="{{method}} {{code}}",
            ),
            unit="reqps",
        ),
        graph(
            "Requests to the API server, by resource",
            Query(
                expression=f"sum by (resource) (rate(rest_client_requests_total[5m]) {_OPERATOR})",
                legend="{{resource}}",
            ),
            unit="reqps",
        ),
        graph(
            "Memory",
            Query(expression=f"process_resident_memory_bytes {_OPERATOR}", legend="{{pod}}"),
            unit="bytes",
        ),
    ),
)

PAGES: Final = {"fleet": FLEET, "instance": INSTANCE, "operator": OPERATOR}
