"""Text on one line, and without secrets."""

import pytest

from bnstat.text import lacks_credentials, without_credentials


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://me:pw@host/x?a=1", "http://***@host/x?a=1"),
        ("https://token@host", "https://***@host"),
        ("HTTP://ME:PW@host/", "HTTP://***@host/"),
        ("http://me:p@w@host/", "http://***@host/"),
        ("s3://key:secret@bucket/x", "s3://***@bucket/x"),
        ("sftp://me:pw@host/x", "sftp://***@host/x"),
        ("zip://a@b.png::http://me:pw@host/x.zip", "zip://a@b.png::http://***@host/x.zip"),
        ("ftp://me:pw@host/{a,b}.tar", "ftp://***@host/{a,b}.tar"),
        ("no file 'http:/me:pw@host/x'", "no file 'http:/***@host/x'"),
        ("http://a:b@host and http://c:d@host", "http://***@host and http://***@host"),
        ("http://h/x?sv=1&sig=a%2Fb&se=2", "http://h/x?sv=1&sig=***&se=2"),
        (
            "https://h/x?X-Amz-Credential=A&X-Amz-Date=1&X-Amz-Signature=b",
            "https://h/x?X-Amz-Credential=***&X-Amz-Date=1&X-Amz-Signature=***",
        ),
        ("https://h/x?X-Goog-Signature=a&Expires=1", "https://h/x?X-Goog-Signature=***&Expires=1"),
        (
            "https://h/x?AWSAccessKeyId=a&Signature=b",
            "https://h/x?AWSAccessKeyId=***&Signature=***",
        ),
        ("https://h/x?X%2DAmz%2DSignature=a", "https://h/x?X%2DAmz%2DSignature=***"),
        ("https://h/x?access_token=a;api_key=b", "https://h/x?access_token=***;api_key=***"),
        ("https://h/x?key=AIzaSyA-12345678901234", "https://h/x?key=***"),
        ("https://h/x?key=a&code=4711&pass=x.1", "https://h/x?key=***&code=***&pass=***"),
        ("https://h/x.png#s3cret: not found", "https://h/x.png#***: not found"),
        ("https://h/x.png#a=1&access_token=b", "https://h/x.png#a=1&access_token=***"),
    ],
)
def test_credentials_are_left_out(text, expected):
    """Users, passwords, tokens and signatures; and that they are is seen."""
    assert without_credentials(text) == expected
    assert lacks_credentials(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("hf://datasets/a/b@main/x", "github://org:repo@sha/x", "abfs://box@account.net/x"),
        *(
            "memory://a@b/x",
            "sftp://me@host/x",
            "http://h/a@b.png",
            "a:b@c",
            "s3://b/x?versionId=1",
            "s3://b/x#1",
            "http://h/#/x.png",
        ),
        *(
            "https://h/x?key=photo.jpg&code=a%2Ejpeg&author=me&design=1",
            "https://h/x?token=",
            "data/sig=1/x.png",
        ),
    ],
)
def test_nothing_else_is_left_out(text):
    """What only looks alike is needed."""
    assert without_credentials(text) == text
    assert not lacks_credentials(text)
