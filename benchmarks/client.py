"""A lean HTTP load: keep-alive sockets in one thread, answers timed. Runs as a process of its own."""

import json
import selectors
import socket
import sys
import time


class Connection:
    """One socket with one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.buffer, self.began, self.wanted = b"", 0.0, None

    def begin(self, request: bytes) -> None:
        self.buffer, self.began, self.wanted = b"", time.perf_counter(), None
        sent = self.socket.send(request)
        while sent < len(request):
            try:
                sent += self.socket.send(request[sent:])
            except BlockingIOError:
                time.sleep(0.0005)

    def read(self) -> int | None:
        """The status of the answer once it is complete."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        self.buffer += data
        if self.wanted is None:
            head = self.buffer.find(b"\r\n\r\n")
            if head < 0:
                return None
            lower = self.buffer[:head].lower()
            length = (
                int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
                if b"content-length:" in lower
                else 0
            )
            self.wanted = head + 4 + length
        return int(self.buffer[9:12]) if len(self.buffer) >= self.wanted else None


def request(path: str, body: bytes) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n\r\n"
    ).encode() + body


def flood(port: int, requests, connections: int) -> tuple[list[float], dict[int, int]]:
    """Send requests over so many connections, each the next one when answered: (seconds each, statuses)."""
    selector = selectors.DefaultSelector()
    source = iter(requests)
    times, statuses, open_ones = [], {}, 0
    for _ in range(connections):
        wanted = next(source, None)
        if wanted is None:
            break
        connection = Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.begin(wanted)
        open_ones += 1
    while open_ones:
        for key, _ in selector.select(timeout=10):
            connection = key.data
            status = connection.read()
            if status is None:
                continue
            times.append(time.perf_counter() - connection.began)
            statuses[status] = statuses.get(status, 0) + 1
            wanted = next(source, None)
            if wanted is None:
                selector.unregister(connection.socket)
                connection.socket.close()
                open_ones -= 1
            else:
                connection.begin(wanted)
    return times, statuses


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def main() -> None:
    """stdin: JSON {port, path, schema, count, per_request, connections, people}; stdout: JSON figures."""
    wish = json.loads(sys.stdin.read())
    stamp, run = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.time_ns()

    def message(number: int) -> dict:
        person = number % wish["people"] + 1
        return {
            "header": {"schemaRef": {"id": wish["schema"]}},
            "body": {
                "xdmEntity": {
                    "_id": f"{run}-{number}",
                    "timestamp": stamp,
                    "eventType": wish["event_type"],
                    "identityMap": {"Email": [{"id": f"p{person}@example.com", "primary": True}]},
                    "web": {"webPageDetails": {"name": "Landing page", "URL": "https://example.com/a/b"}},
                }
            },
        }

    requests = []
    for start in range(0, wish["count"], wish["per_request"]):
        group = [message(n) for n in range(start, min(start + wish["per_request"], wish["count"]))]
        body = group[0] if wish["per_request"] == 1 else {"messages": group}
        requests.append(request(wish["path"], json.dumps(body).encode()))
    print("ready", flush=True)
    began = time.time()
    times, statuses = flood(wish["port"], requests, wish["connections"])
    ended = time.time()
    print(json.dumps({
        "began": began, "ended": ended, "statuses": statuses, "requests": len(times),
        "p50": percentile(times, 0.5), "p99": percentile(times, 0.99),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
