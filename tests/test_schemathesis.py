"""The running service against its own description: requests valid and not, alone and in chains."""

import os
import subprocess
import sys

from tests.live import ROOT

# These are called by those of description_checks.py, which have exceptions.
REPLACED = (
    "positive_data_acceptance,negative_data_rejection,use_after_free,ensure_resource_availability"
)


def test_the_service_does_what_its_description_says(server, ada):
    (session,) = ada.get("/auth/sessions").json()
    account = {"email": ada.get("/auth/me").json()["email"], "password": "correct horse battery"}
    for _ in range(5):  # sessions that it may end
        ada.post("/auth/login", json=account)
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--config-file", "tests/schemathesis.toml", "run", "docs/openapi.yaml"]
    command += ["--url", server, "-H", f"Authorization: {ada.headers['Authorization']}"]
    command += ["--checks", "all", "--exclude-checks", REPLACED, "--no-color"]
    # The same draws each time; another seed searches on.
    command += ["--seed", os.environ.get("SCHEMATHESIS_SEED", "1")]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.description_checks", "OWN_SESSION": session["_id"]}
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | hooks, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr  # which tells the seed
    assert ada.get("/auth/me").status_code == 200  # it was logged in to the end
