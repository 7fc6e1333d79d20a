"""An HTTPS proxy for tests: it lets CONNECT through to one port of this machine and counts.

    with ConnectProxy.start() as proxy:
        run(..., env={"HTTPS_PROXY": proxy.url})
        assert proxy.tunnels > 0
"""

import contextlib
import socket
import threading


class ConnectProxy:
    def __init__(self):
        self.tunnels = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    @classmethod
    @contextlib.contextmanager
    def start(cls):
        proxy = cls()
        threading.Thread(target=proxy._serve, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):  # The listener was closed.
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        method, target = head.split()[:2]
        assert method == b"CONNECT"
        self.tunnels += 1
        server = socket.create_connection(("127.0.0.1", int(target.rsplit(b":", 1)[1])))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
        self._pump(server, client)

    @staticmethod
    def _pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
