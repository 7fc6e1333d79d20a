"""A server that speaks enough of S3 for a store to open on it, and forgets every condition of a write: two writers win.

    with UnsafeS3.start() as server:
        run(..., env={**os.environ, **server.environment})
"""

import contextlib
import hashlib
import http.server
import threading
import urllib.parse

OBJECTS = {}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _key(self):
        return urllib.parse.unquote(urllib.parse.urlsplit(self.path).path.split("/", 2)[2])

    def _list(self):
        query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2], keep_blank_values=True))
        if "uploads" in query:
            return self._answer(200, b"<ListMultipartUploadsResult/>")
        found = "".join(f"<Contents><Key>{key}</Key><LastModified>2026-01-31T12:00:00.000Z</LastModified><Size>{len(OBJECTS[key][0])}</Size></Contents>"
                        for key in sorted(OBJECTS) if key.startswith(query.get("prefix", "")))
        return self._answer(200, f"<ListBucketResult>{found}</ListBucketResult>".encode())

    def do_GET(self):
        key = self._key()
        if not key:
            return self._list()
        if key not in OBJECTS:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        body, name = OBJECTS[key]
        return self._answer(200, body, **{"ETag": f'"{hashlib.md5(body).hexdigest()}"', "x-amz-meta-weir-write": name})

    do_HEAD = do_GET

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        OBJECTS[self._key()] = (body, self.headers.get("x-amz-meta-weir-write", ""))
        self._answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def do_DELETE(self):
        OBJECTS.pop(self._key(), None)
        self._answer(204)

    def log_message(self, *_):
        pass


class UnsafeS3:
    def __init__(self, port):
        self.endpoint = f"http://127.0.0.1:{port}"

    @property
    def environment(self):
        return {"AWS_ACCESS_KEY_ID": "access-key", "AWS_SECRET_ACCESS_KEY": "secret-key-of-tests"}

    @classmethod
    @contextlib.contextmanager
    def start(cls):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield cls(server.server_address[1])
        finally:
            server.shutdown()
            OBJECTS.clear()
