"""A mail sink that only counts: SMTP on loopback, one line of output per accepted mail (time, recipient).

`python -m benchmarks.sink PORT FILE`. Deliberately bare, so that the sink is never what is measured.
"""

import asyncio
import sys
import time


class Sink(asyncio.Protocol):
    """One conversation."""

    log = None

    def connection_made(self, transport) -> None:
        self.transport, self.buffer, self.recipient, self.in_data = transport, b"", "", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            if self.in_data:
                end = self.buffer.find(b"\r\n.\r\n")
                if end < 0:
                    return
                self.buffer = self.buffer[end + 5 :]
                self.in_data = False
                self.log.write(f"{time.time():.6f} {self.recipient}\n")
                self.transport.write(b"250 2.0.0 OK\r\n")
                continue
            end = self.buffer.find(b"\r\n")
            if end < 0:
                return
            line, self.buffer = self.buffer[:end], self.buffer[end + 2 :]
            self.command(line)

    def command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.transport.write(b"250-sink\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n")
        elif verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0].decode()
            self.transport.write(b"250 OK\r\n")
        elif verb == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"250 OK\r\n")


async def main(port: int, path: str) -> None:
    Sink.log = open(path, "a", buffering=1)
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port, backlog=500)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
    except KeyboardInterrupt:
        pass
