"""A private S3 server for one test: its own folder, a free port, gone afterwards.

    with S3Server.start("versitygw", folder) as server:
        run(..., env={**os.environ, **server.environment})

MinIO, versitygw and S3Mock are those that `tools/set-up --test` puts into .deps/s3, or those on PATH.
"""

import contextlib
import http.client
import os
import pathlib
import shutil
import ssl
import subprocess
import time

from postgres import free_port

DEPS = pathlib.Path(os.environ.get("WEIR_DEPS", pathlib.Path(__file__).resolve().parents[2] / ".deps"))
PROGRAMS = pathlib.Path(os.environ.get("WEIR_S3_PROGRAMS", DEPS / "s3"))
ACCESS, SECRET, BUCKET = "access-key", "secret-key-of-tests", "payer"


def find_program(name):
    """Returns the path of a server's program; fails with the remedy if it is not here."""
    found = shutil.which(name, path=f"{PROGRAMS}:{os.environ['PATH']}")
    if not found:
        raise RuntimeError(f"no {name} here: tools/set-up --test installs one")
    return found


def _versitygw(folder, port, tls, domain):
    (folder / "data" / BUCKET).mkdir(parents=True, exist_ok=True)
    options = ["--cert", tls / "server.crt", "--key", tls / "server.key"] if tls else []
    options += ["--virtual-domain", f"{domain}:{port}"] if domain else []
    return [find_program("versitygw"), "--access", ACCESS, "--secret", SECRET, "--port", f"127.0.0.1:{port}",
            "--keep-alive", "--quiet", *options, "posix", folder / "data"]


def _minio(folder, port, _tls, _domain):
    (folder / "data" / BUCKET).mkdir(parents=True, exist_ok=True)
    return [find_program("minio"), "server", "--address", f"127.0.0.1:{port}", folder / "data"]


def _s3mock(_folder, port, _tls, _domain):
    return ["java", f"-Dserver.port={free_port()}", f"-Dhttp.port={port}", "-Xmx256m", "-jar",
            PROGRAMS / "s3mock.jar"]


COMMANDS = {"versitygw": _versitygw, "minio": _minio, "s3mock": _s3mock}
READY = {"minio": "/minio/health/ready"}  # It answers requests with 503 until then.
SETTINGS = {"MINIO_ROOT_USER": ACCESS, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off",
            # For SSE-KMS: a key of this name, for tests only.
            "MINIO_KMS_SECRET_KEY": "weir-key:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "COM_ADOBE_TESTING_S3MOCK_STORE_INITIAL_BUCKETS": BUCKET,
            "COM_ADOBE_TESTING_S3MOCK_STORE_INITIALBUCKETS": BUCKET}


class S3Server:
    """A running server with one empty bucket."""

    def __init__(self, process, port, scheme):
        self.process = process
        self.port = port
        self.endpoint = f"{scheme}://localhost:{port}" if scheme == "https" else f"http://127.0.0.1:{port}"

    @property
    def environment(self):
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT_URL": self.endpoint}

    @classmethod
    @contextlib.contextmanager
    def start(cls, kind, folder, tls=None, domain=None):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        command = [str(word) for word in COMMANDS[kind](folder, port, tls, domain)]
        with open(folder / "server.log", "ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env={**os.environ, **SETTINGS})
        try:
            cls._wait(process, port, tls, folder, READY.get(kind))
            yield cls(process, port, "https" if tls else "http")
        finally:
            process.terminate()
            process.wait()

    @staticmethod
    def _wait(process, port, tls, folder, ready):
        """Waits until it says that it is ready or, where it says no such thing, until anything is answered: a refusal is up."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = (http.client.HTTPSConnection("localhost", port, context=ssl._create_unverified_context())
                              if tls else http.client.HTTPConnection("127.0.0.1", port))
                connection.request("GET", ready or "/")
                answer = connection.getresponse()
                answer.read()
                if not ready or answer.status == 200:
                    return
            assert process.poll() is None, (folder / "server.log").read_text()[-3000:]
            time.sleep(0.05)
        raise RuntimeError((folder / "server.log").read_text()[-3000:])
