"""What each ingress controller needs to be told for long streams.

An answer may think for minutes before its first byte, lasts as long as it lasts, and must not be
buffered. The controller is known by the `spec.controller` of the IngressClass; where classes may
not be read, by a word in the class's name. Two controllers share the word nginx, and two haproxy;
each reads its own annotations and ignores the other's.

Traefik needs nothing: it has no time limit on answers and flushes what it gets.
"""

from collections.abc import Mapping
from typing import Final

_NGINX: Final = {
    "nginx.ingress.kubernetes.io/proxy-body-size": "32m",
    "nginx.ingress.kubernetes.io/proxy-buffering": "off",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
    "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
}
_NGINX_INC: Final = {
    "nginx.org/client-max-body-size": "32m",
    "nginx.org/proxy-buffering": "False",
    "nginx.org/proxy-read-timeout": "3600s",
    "nginx.org/proxy-send-timeout": "3600s",
}
_CONTOUR: Final = {"projectcontour.io/response-timeout": "infinity"}
# HAProxy streams and takes bodies of any size; only its patience is short.
_HAPROXY: Final = {"haproxy-ingress.github.io/timeout-server": "1h"}
_HAPROXY_TECHNOLOGIES: Final = {"haproxy.org/timeout-server": "1h"}
_OPENSHIFT: Final = {"haproxy.router.openshift.io/timeout": "1h"}

# By the beginning of `IngressClass.spec.controller`.
CONTROLLERS: Final[Mapping[str, Mapping[str, str]]] = {
    "projectcontour.io/": _CONTOUR,
    "k8s.io/ingress-nginx": _NGINX,
    "nginx.org/": _NGINX_INC,
    "haproxy-ingress.github.io/": _HAPROXY,
    "haproxy.org/": _HAPROXY_TECHNOLOGIES,
    "openshift.io/ingress-to-route": _OPENSHIFT,
}
# By a word in the name of the class.
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "contour": _CONTOUR,
    "nginx": {**_NGINX, **_NGINX_INC},
    "haproxy": {**_HAPROXY, **_HAPROXY_TECHNOLOGIES},
    "openshift": _OPENSHIFT,
}


def annotations(class_name: str, controller: str) -> dict[str, str]:
    """Give what a class understands; `controller` is empty where it is not known."""
    if controller:
        fitting = [each for start, each in CONTROLLERS.items() if controller.startswith(start)]
    else:
        fitting = [each for word, each in WORDS.items() if word in class_name.lower()]
    return {name: value for each in fitting for name, value in each.items()}
