"""The files that the service is installed with, as far as they can be tried without what they are
for: Docker and systemd."""

import re
import shutil
import signal
import subprocess
import sys

import httpx2
import pytest
import yaml

from tests import live

DOCKERFILE = (live.ROOT / "Dockerfile").read_text()
UNIT = (live.ROOT / "deploy/promptcrafter.service").read_text()


def copied():
    """What the Dockerfile copies of the project: (from, to)."""
    return re.findall(r"^COPY (?!--)(\S+) (\S+)$", DOCKERFILE, re.MULTILINE)


def files_of(directory):
    return {
        str(file.relative_to(directory)): file.stat().st_mtime_ns
        for file in directory.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def tree(tmp_path):
    """The project as it is in the image: nobody may write to it."""
    tree = tmp_path / "app"
    tree.mkdir()
    for source, target in copied():
        if (live.ROOT / source).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(live.ROOT / source, tree / target, ignore=ignore)
        else:
            shutil.copy(live.ROOT / source, tree / target)
    subprocess.run([sys.executable, "-m", "compileall", "-q", tree], check=True)
    subprocess.run(["chmod", "-R", "a-w", tree], check=True)
    yield tree
    subprocess.run(["chmod", "-R", "u+w", tree], check=True)


def test_the_images_files_are_all_that_it_runs_on_and_it_writes_none(tree, tmp_path):
    before = files_of(tree)
    data = tmp_path / "data"
    environment = {"PYTHONDONTWRITEBYTECODE": "1", "METRICS": "1"}
    with live.database() as database:
        process, url = live.start(data, root=tree, **environment, **database)
        with live.signed_up(url) as ada:
            assert ada.get("/prompts").json() == []
        for path in ("/docs", "/openapi.json", "/api-auth/login/"):
            assert httpx2.get(url + path, timeout=30).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert files_of(tree) == before
    assert (data / "secret_key").exists()


def test_what_the_dockerfile_copies_is_let_through_by_dockerignore():
    lines = (live.ROOT / ".dockerignore").read_text().splitlines()
    through = {line[1:] for line in lines if line.startswith("!")}
    assert through == {source for source, _ in copied()}
    assert "*" in lines


def test_the_images_check_of_health_is_python_that_runs(server):
    words = re.search(r"CMD (\[.*urllib.*\])", DOCKERFILE)[1]
    command = yaml.safe_load(words)
    port = {"PORT": server.rpartition(":")[2]}
    assert subprocess.run([sys.executable, *command[1:]], env=port, check=False).returncode == 0
    port = {"PORT": str(live.free_port())}
    done = subprocess.run(
        [sys.executable, *command[1:]], env=port, check=False, stderr=subprocess.DEVNULL
    )
    assert done.returncode == 1


def test_compose_names_settings_that_exist_and_gives_no_right_away():
    services = yaml.safe_load((live.ROOT / "compose.yaml").read_text())["services"]
    documented = (live.ROOT / "docs/configuration.md").read_text()
    for name in services["service"]["environment"]:
        assert f"| `{name}` |" in documented, name
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.skipif(not shutil.which("docker"), reason="docker compose is not installed")
def test_compose_takes_its_file():
    environment = {"POSTGRES_PASSWORD": "x", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    command = ["docker", "compose", "-f", live.ROOT / "compose.yaml", "config", "-q"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if "unknown" in done.stderr:
        pytest.skip("docker compose is not installed")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path):
    """With an interpreter where it is said to be."""
    unit = tmp_path / "promptcrafter.service"
    unit.write_text(UNIT.replace("/opt/promptcrafter/.venv/bin/python", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if "promptcrafter" in line]
    assert complaints == []


@pytest.mark.parametrize("program", ["haproxy", "nginx"])
def test_a_body_limit_is_the_services_own(program):
    text = next((live.ROOT / "deploy").glob(f"{program}.c*")).read_text()
    assert "2621440 bytes" in text
    assert {"haproxy": "req.body_size gt 2621440", "nginx": "2560k"}[program] in text
