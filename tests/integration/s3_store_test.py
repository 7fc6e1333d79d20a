"""Goal: a store on S3 keeps the contract of every store, on servers that other people wrote, however one gets there.

Method: the suite that the local store passes too (store_integration_test) runs against MinIO and versitygw; then on
versitygw through TLS with a certificate authority of our own, through an HTTPS proxy, and by the bucket's host name.
"""

import os
import subprocess

import pytest

from chain import BUILD
from connect_proxy import ConnectProxy
from s3_servers import BUCKET, S3Server


def run_suite(server, expect=0, **environment):
    done = subprocess.run(
        [BUILD / "store_integration_test", "--gtest_filter=*/s3"], capture_output=True, text=True, timeout=300,
        env={**os.environ, **server.environment, "WEIR_TEST_S3_URL": f"s3://{BUCKET}/suite", **environment})
    assert (done.returncode != 0) == expect, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A certificate of localhost, by an authority of its own."""
    folder = tmp_path_factory.mktemp("tls")
    for words in (
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt -subj /CN=tests",
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -extfile names"):
        (folder / "names").write_text("subjectAltName=DNS:localhost\n")
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("kind", ["minio", "versitygw"])
def test_a_server_of_another_maker_keeps_the_contract(kind, tmp_path):
    with S3Server.start(kind, tmp_path) as server:
        assert "PASSED" in run_suite(server)


@pytest.mark.parametrize("encryption", ["s3", "kms"])
def test_objects_may_be_encrypted_by_the_server(encryption, tmp_path):
    with S3Server.start("minio", tmp_path) as server:
        run_suite(server, WEIR_TEST_S3_ENCRYPTION=encryption)


def test_a_private_authority_is_trusted_if_it_is_named(tls, tmp_path):
    with S3Server.start("versitygw", tmp_path, tls=tls) as server:
        run_suite(server, AWS_CA_BUNDLE=str(tls / "ca.crt"))
        assert "name the file of its certificate authority" in run_suite(server, expect=1)


def test_an_https_proxy_is_used_unless_the_host_is_excepted(tls, tmp_path):
    trust = {"AWS_CA_BUNDLE": str(tls / "ca.crt")}
    with S3Server.start("versitygw", tmp_path, tls=tls) as server, ConnectProxy.start() as proxy:
        run_suite(server, **trust, HTTPS_PROXY=proxy.url)
        used = proxy.tunnels
        assert used > 0
        run_suite(server, **trust, HTTPS_PROXY=proxy.url, NO_PROXY="localhost")
        assert proxy.tunnels == used


def test_a_bucket_has_a_host_name_of_its_own(tmp_path):
    with S3Server.start("versitygw", tmp_path, domain="localhost") as server:
        server.endpoint = f"http://localhost:{server.port}"
        run_suite(server, WEIR_TEST_S3_PATH_STYLE="false")
