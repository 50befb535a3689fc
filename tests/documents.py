"""The documents, typed as a reader would: the ```sh blocks of a page in order, in one shell.

What stands below such a block, as ```json or ```text, is what it answers, shortened: an object may
lack fields, and `…` stands for any text, or as the last of a list for any more.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.live import ROOT

API = "http://127.0.0.1:8000"
ADA = "ada@example.com"
_BLOCK = re.compile(r"^ *```(sh|json|text)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_STOP = "\x1e"  # between the answers to two blocks


@dataclass
class Step:
    typed: str
    shown: str = ""
    is_json: bool = False


def shell(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | environment,
    )


def steps(document: str) -> list[Step]:
    found: list[Step] = []
    for kind, indented in _BLOCK.findall((ROOT / document).read_text()):
        text = textwrap.dedent(indented)
        if kind == "sh":
            found.append(Step(text))
        else:
            assert not found[-1].shown, f"{document} shows twice what {found[-1].typed} answers"
            found[-1].shown, found[-1].is_json = text, kind == "json"
    return found


def lines_to_type(document: str) -> str:
    return "\n".join(step.typed for step in steps(document))


def differences(
    document: str, *, server: str, name: str, after: str = "", **environment: str
) -> list[str]:
    """Types a page as the person of that name, and tells where another answer comes than is shown.

    `after` is a page to type first. Fails where a command does.
    """
    page = (steps(after) if after else []) + steps(document)
    own = f"{name}@example.com"
    script = f"printf '{_STOP}'\n".join(step.typed for step in page)
    script = script.replace(API, server).replace(ADA, own)
    done = shell(script.replace(".venv/bin/python", sys.executable), **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = done.stdout.replace(server, API).replace(own, ADA).split(_STOP)
    pairs = zip(page, answers, strict=True)
    return [each for step, answer in pairs for each in _held(step, answer)]


def _held(step: Step, answer: str) -> list[str]:
    if not step.shown:
        return []
    if not step.is_json:
        return list(_unlike(step.shown.strip(), answer.strip(), step.typed))
    return list(_unlike(_values(step.shown), _values(answer), step.typed))


def _values(text: str) -> list[Any]:
    """Each of the JSON values that stand one behind the other."""
    values, text = [], text.strip()
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        values.append(value)
        text = text[end:].lstrip()
    return values


def _unlike(shown: Any, told: Any, where: str) -> Iterator[str]:
    if isinstance(shown, dict) and isinstance(told, dict):
        for name, value in shown.items():
            yield from _unlike(value, told.get(name, "nothing"), f"{where}.{name}")
    elif isinstance(shown, list) and isinstance(told, list):
        is_cut = shown[-1:] == ["…"]
        first = shown[:-1] if is_cut else shown
        if len(told) < len(first) or (len(told) > len(first) and not is_cut):
            yield f"{where}: {len(told)} come, {len(first)} are shown: {told}"
        for number, (value, other) in enumerate(zip(first, told, strict=False)):
            yield from _unlike(value, other, f"{where}[{number}]")
    elif not _is_like(shown, told):
        yield f"{where}: {told!r} comes, {shown!r} is shown"


def _is_like(shown: Any, told: Any) -> bool:
    if not (isinstance(shown, str) and isinstance(told, str)):
        return type(shown) is type(told) and bool(shown == told)
    pattern = ".*".join(re.escape(part) for part in shown.split("…"))
    return re.fullmatch(pattern, told, re.DOTALL) is not None
