"""The description is good enough to make a client of, and that client works."""

import json
import os
import subprocess
import sys

import pytest

from promptcrafter.description import description
from tests.live import ROOT
from tests.test_openapi import OPERATIONS


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The folder that a generated client is in, and what the generator said."""
    folder = tmp_path_factory.mktemp("generated")
    config = folder / "config.json"
    config.write_text(json.dumps({"post_hooks": []}))  # they would only format it
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    command += ["--path", "docs/openapi.yaml", "--config", str(config)]
    command += ["--output-path", str(folder / "promptcrafter_client")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return folder, run.stdout + run.stderr


def test_the_generator_has_nothing_to_warn_of_and_leaves_nothing_out(client):
    folder, said = client
    assert said.strip().startswith("Generating ")
    assert len(said.strip().splitlines()) == 1, said
    made = (folder / "promptcrafter_client/api").glob("*/[!_]*.py")
    names = {path.stem.replace("_", "") for path in made}
    assert names == {each["operationId"].lower() for each in OPERATIONS.values()}


def test_every_shape_has_a_class(client):
    folder, _ = client
    models = {
        path.stem.replace("_", "") for path in (folder / "promptcrafter_client/models").glob("*")
    }
    shapes = {name.lower() for name in description()["components"]["schemas"]}
    assert shapes - models == {"nullenum"}  # which is None


def test_the_client_does_what_a_program_does(client, server):
    environment = os.environ | {"PYTHONPATH": str(client[0])}
    command = [sys.executable, "tests/generated_client.py", server]
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
