"""The options of a client, as keyword arguments: what is "tls.ca" in ami.h is tls_ca here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypedDict, Union


class Options(TypedDict, total=False):
    """See ami.h for what each means. Times that end in _ms are milliseconds."""

    host: str
    port: int
    username: str
    password: str
    auth: str
    events: Union[bool, str, Iterable[str]]
    filter: Union[str, Iterable[str]]
    reconnect: Union[bool, int]
    reconnect_max_ms: int
    reconnect_jitter: str
    identifier: str
    encoding: str
    debug: bool
    tls: bool
    tls_ca: str
    tls_cert: str
    tls_key: str
    tls_verify: str
    tls_server_name: str
    tls_pin: str
    connect_timeout_ms: int
    login_timeout_ms: int
    action_timeout_ms: int
    ping_interval_ms: int
    ping_timeout_ms: int
    blocked_max_ms: int
    offline: str
    offline_max: int
    inflight_max: int
    queue_overflow: str
    queue_max_items: int
    queue_max_bytes: int
    message_max_bytes: int
    line_max_bytes: int
    list_max_items: int
    list_max_bytes: int
    list_events: bool
    disconnect_grace_ms: int


def settings_of(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values for ami_set(). The text is UTF-8 unless said otherwise; a url goes before what it may set, too."""
    yield "encoding", "utf-8"
    for name in sorted(options, key=lambda name: name != "url"):
        value = options[name]
        known = name.replace("_", ".", 1)
        if value is None:
            continue
        if isinstance(value, bool):
            yield known, "true" if value else "false"
        elif isinstance(value, (str, int)):
            yield known, str(value)
        elif name == "filter":
            yield from ((known, str(each)) for each in value)
        else:
            yield known, ",".join(value)
