"""Dask over TLS, with certificates made here, which Dask's own configuration names."""

import json
import os

import pytest

COMPUTE = ("-m", "bnstat", "compute", "-q", "-o", "-")
TLS = "DASK_DISTRIBUTED__COMM__TLS__"


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """Make a certificate for all; return the environment by which Dask's configuration names it."""
    pytest.importorskip("cryptography")
    security = pytest.importorskip("distributed").Security

    def make():
        made, folder = security.temporary(), tmp_path_factory.mktemp("tls")
        (folder / "cert.pem").write_text(made.tls_client_cert)
        (folder / "key.pem").write_text(made.tls_client_key)
        names = {f"{TLS}CA_FILE": "cert.pem"}
        for role in ("SCHEDULER", "WORKER", "CLIENT"):
            names |= {f"{TLS}{role}__CERT": "cert.pem", f"{TLS}{role}__KEY": "key.pem"}
        return {name: os.fspath(folder / file) for name, file in names.items()}

    return make


@pytest.fixture(scope="module")
def cluster(clusters, certified):
    """A cluster of one worker that speaks TLS alone, and its environment."""
    env = certified() | {"DASK_DISTRIBUTED__COMM__DEFAULT_SCHEME": "tls"}
    started = clusters.start(env=env)
    started.worker("--nthreads", "1")
    return started, env


def undated(text):
    return json.loads(text) | {"created": None}


@pytest.mark.long
def test_the_same_document(cluster, photos, python):
    """Measured through an encrypted connection, nothing differs."""
    there, env = cluster
    assert there.engine.startswith("dask+tls://")
    encrypted = python(*COMPUTE, photos, "--engine", there.engine, env=env)
    assert (encrypted.returncode, encrypted.stderr) == (0, "")
    plain = python(*COMPUTE, photos, "--workers", "1")
    assert undated(encrypted.stdout) == undated(plain.stdout)


@pytest.mark.long
def test_certificates_of_another_authority(cluster, certified, photos, python):
    """The scheduler does not answer, and the error says what to check."""
    there, _ = cluster
    refused = python(*COMPUTE, photos, "--engine", there.engine, env=certified())
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        4,
        "",
        f"bnstat: no Dask scheduler answers at {there.address}; start one there, or check the "
        "address and its certificates\n",
    )


@pytest.mark.long
def test_an_unencrypted_connection(cluster, photos, python):
    """A scheduler that speaks TLS does not answer without."""
    there, _ = cluster
    refused = python(*COMPUTE, photos, "--engine", f"dask://{there.address}")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert refused.stderr.startswith(f"bnstat: no Dask scheduler answers at {there.address}; ")


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "dask+tls needs certificates in Dask's configuration"),
        (
            dict.fromkeys((f"{TLS}CA_FILE", f"{TLS}CLIENT__CERT"), "/nowhere.pem"),
            "the certificates in Dask's configuration cannot be used: "
            "[Errno 2] No such file or directory",
        ),
    ],
    ids=["none", "no such file"],
)
def test_without_certificates(photos, python, env, said):
    """Nothing is connected to, and the error says where certificates are named."""
    pytest.importorskip("distributed")
    refused = python(*COMPUTE, photos, "--engine", "dask+tls://127.0.0.1:1", env=env)
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        4,
        "",
        f"bnstat: {said}; see https://distributed.dask.org/en/stable/tls.html\n",
    )
