"""Browsers at a real ``campaign serve``: over its own TLS, and behind proxies that speak it."""

import ssl

import httpx
import pytest
from tests.service.cli.serving.strangers import CERTIFICATE, KEY
from tests.service.serving_process import WITHIN_S, ServingProcess

PUBLIC = "https://calls.example"
BY_TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.7", "Host": "calls.example"}


def test_over_tls_the_cookie_goes_over_nothing_else(tmp_path):
    tls = ("--tls-certificate", str(CERTIFICATE), "--tls-key", str(KEY))
    trusted = ssl.create_default_context(cafile=CERTIFICATE)
    with ServingProcess(tmp_path, *tls) as process:
        url = process.url.replace("127.0.0.1", "localhost")
        body = {"name": "admin", "password": process.first_password()}
        with httpx.Client(base_url=url, verify=trusted, trust_env=False, timeout=WITHIN_S) as page:
            headers = {"Origin": url.replace("https:", "http:")}
            assert page.post("/api/v1/session", json=body, headers=headers).status_code == 403
            done = page.post("/api/v1/session", json=body, headers={"Origin": url})
            me = page.get("/api/v1/me")

    assert done.headers["set-cookie"].startswith("__Host-campaign_session=cc_")
    assert "; Secure" in done.headers["set-cookie"]
    assert (me.status_code, me.json()["name"]) == (200, "admin")


@pytest.mark.parametrize(
    ("arguments", "headers", "is_known"),
    [
        ((), BY_TLS, False),
        (("--trusted-proxies", "127.0.0.1"), BY_TLS, True),
        (("--public-url", PUBLIC), {}, True),
    ],
)
def test_proxy_that_speaks_tls_must_be_made_known(tmp_path, arguments, headers, is_known):
    with ServingProcess(tmp_path, *arguments) as process:
        done = httpx.post(
            f"{process.url}/api/v1/session",
            json={"name": "admin", "password": process.first_password()},
            headers={**headers, "Origin": PUBLIC},
            trust_env=False,
            timeout=WITHIN_S,
        )

    if is_known:
        assert done.headers["set-cookie"].startswith("__Host-campaign_session=")
    else:
        assert done.json()["type"] == "/problems/foreign-origin"
        assert "public_url, trusted_proxies" in done.json()["detail"]
