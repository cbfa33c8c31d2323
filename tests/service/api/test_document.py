"""The document is true: schemathesis asks everything that it promises, and much that it does not.

Its own program is run over a socket, with every check that it has and all its phases: examples,
the edges of every schema, chance, and chains of requests along the document's links. A few
examples of each operation by default; `CAMPAIGN_TESTS=full` looks much longer, and elsewhere.
"""

import secrets
import subprocess
import sys
from pathlib import Path

from tests.full import IS_FULL
from tests.service.api.running_service import MODEL, tenant_path

EXAMPLES = 100 if IS_FULL else 2
SEED = secrets.randbelow(2**32) if IS_FULL else 1

SETTINGS = """
[parameters]
# Another tenant is not found, which tells nothing of the rest.
"path.tenant" = "main"

[checks.positive_data_acceptance]
# 422: the value fits the schema, and the state or the rest of the body forbids it: a time that is
# past, a number twice in a list, a time zone that nobody knows, a password that is too short.
# 412: a tag that chance made is never the one that is there.
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "429"]

[checks.missing_required_header]
# 428 is what RFC 6585 has for a change without If-Match.
expected-statuses = ["401", "422", "428"]
"""

# A stream has no end; test_stream.py and test_view_stream.py listen to them.
WITHOUT = ["follow_events", "follow_view"]


def test_schemathesis_finds_nothing(service, ask, tmp_path):
    for number in range(3):
        body = {**MODEL, "name": f"Model {number}"}
        assert ask.post(tenant_path("models"), json=body).status_code == 201
    assert ask.post(tenant_path("campaigns"), json={"model_id": 1}).status_code == 201
    (tmp_path / "schemathesis.toml").write_text(SETTINGS, encoding="utf-8")

    done = subprocess.run(
        [
            Path(sys.executable).parent / "schemathesis",
            "--config-file",
            tmp_path / "schemathesis.toml",
            "run",
            f"{service.url}/api/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {service.tokens['administrator']}",
            "--checks=all",
            f"--max-examples={EXAMPLES}",
            f"--seed={SEED}",
            "--request-timeout=30",
            "--no-color",
            *(f"--exclude-operation-id={name}" for name in WITHOUT),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    found = done.stdout.partition("= FAILURES =")[2] or done.stdout + done.stderr
    assert done.returncode == 0, found
