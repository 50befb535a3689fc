"""What is done with all operations together: naming their parameters, and linking them."""

import re
from typing import Any

from promptcrafter.openapi.tables import TAGS

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

# What an answer tells that other operations ask for, in their path or body: OpenAPI's links.
LINKS: dict[str, dict[str, str]] = {
    "signUp": {"refresh": "$response.body#/refresh"},
    "logIn": {"refresh": "$response.body#/refresh"},
    "refreshTokens": {"refresh": "$response.body#/refresh"},
    "createKey": {"keyId": "$response.body#/_id"},
    "createPrompt": {"promptId": "$response.body#/_id", "number": "$response.body#/version"},
    "updatePrompt": {"promptId": "$request.path.promptId", "number": "$response.body#/version"},
    "deletePrompt": {"promptId": "$request.path.promptId"},
    "setLabel": {"promptId": "$request.path.promptId", "label": "$request.path.label"},
    "createLog": {"logId": "$response.body#/_id", "promptId": "$response.body#/promptId"},
}
BODIES = {
    "refreshTokens": {"refresh": "refresh"},
    "logOut": {"refresh": "refresh"},
    "createLog": {"promptId": "promptId"},
    "setLabel": {"version": "number"},
}


def name_parameters(endpoints: list[Any]) -> list[Any]:
    """`{pk}` by the kind of id that it is: `/prompts/{promptId}`. Methods in one order, always."""
    paths = [path for path, *_ in endpoints]
    endpoints = sorted(endpoints, key=lambda each: (paths.index(each[0]), METHODS.index(each[2])))
    return [(named(path), *rest) for path, *rest in endpoints]


def link(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """From each answer to the operations that it has the path parameters of; from what was deleted,
    to those of the trash."""
    operations = [each for methods in result["paths"].values() for each in methods.values()]
    for source in operations:
        links = _links(source["operationId"], operations)
        for status, response in source["responses"].items():
            if links and status.startswith("2"):
                response["links"] = links
    result["tags"] = [{"name": name, "description": words} for name, words in TAGS.items()]
    return result


def _links(source: str, targets: list[Any]) -> dict[str, Any]:
    known = LINKS.get(source, {})
    links: dict[str, Any] = {}
    for target in targets:
        name = target["operationId"]
        asked = [each["name"] for each in target["parameters"] if each.get("in") == "path"]
        path = {each: known[each] for each in asked if each in known}
        body = {key: known[each] for key, each in BODIES.get(name, {}).items() if each in known}
        is_near = (source == "deletePrompt") is ("trash" in target["tags"])
        if is_near and (body or (asked and len(path) == len(asked))):
            given = {"parameters": path, "requestBody": body}
            links[name] = {"operationId": name} | {key: part for key, part in given.items() if part}
    return links


def named(path: str) -> str:
    """A path as the description has it: `/prompts/{promptId}/labels/{label}`."""
    path = re.sub(r"/(\w+?)s?/\{pk\}", lambda match: match[0].replace("pk", f"{match[1]}Id"), path)
    return path.replace("trashId", "promptId").replace("labels/{name}", "labels/{label}")
