"""The description as a collection of requests that Postman, Bruno and their like import.

In the format of Postman, 2.1. A folder for each tag; what an answer tells that other requests ask
for, tokens and ids, a script of the request keeps in the collection's variables. Pure.
"""

import re
from typing import Any
from urllib.parse import quote

import orjson

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
JSON = "application/json"

# Operation → variables, each with the field of the answer that it is kept of.
KEPT = {
    "signUp": {"token": "token", "refresh": "refresh"},
    "logIn": {"token": "token", "refresh": "refresh"},
    "refreshTokens": {"token": "token", "refresh": "refresh"},
    "createKey": {"keyId": "_id"},
    "createPrompt": {"promptId": "_id"},
    "createLog": {"logId": "_id"},
}
VARIABLES = ["token", "refresh", "promptId", "logId", "keyId", "sessionId"]

Described = dict[str, Any]


def of(description: Described) -> Described:
    folders: dict[str, Described] = {
        tag["name"]: {"name": tag["name"], "description": tag["description"], "item": []}
        for tag in description["tags"]
    }
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            request = _item(method.upper(), path, operation, description)
            folders[operation["tags"][0]]["item"].append(request)
    info = description["info"]
    return {
        "info": {
            "name": info["title"],
            "description": info["description"],
            "version": info["version"],
            "schema": FORMAT,
        },
        "auth": {"type": "bearer", "bearer": [_variable("token", "{{token}}")]},
        "variable": [
            _variable("baseUrl", "http://127.0.0.1:8000"),
            *(_variable(name, "") for name in VARIABLES),
        ],
        "item": list(folders.values()),
    }


def _item(method: str, path: str, operation: Described, description: Described) -> Described:
    request: Described = {
        "method": method,
        "header": [],
        "url": _url(path, [_parameter(each, description) for each in operation["parameters"]]),
        "description": operation.get("description", ""),
    }
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation:
        example = operation["requestBody"]["content"][JSON].get("example", {})
        request["header"] = [{"key": "Content-Type", "value": JSON}]
        request["body"] = {
            "mode": "raw",
            "raw": _body(example),
            "options": {"raw": {"language": "json"}},
        }
    request["header"] += _headers(operation, description)
    item = {"name": operation["summary"], "request": request, "response": []}
    if script := _script(operation["operationId"]):
        item["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}]
    return item


def _url(path: str, parameters: list[Described]) -> Described:
    """`/prompts/:promptId`; what may be left out is there, switched off."""
    path = re.sub(r"\{(\w+)\}", r":\1", path)
    query = [_query(each) for each in parameters if each["in"] == "query"]
    on = "&".join(
        f"{each['key']}={quote(each['value'])}" for each in query if "disabled" not in each
    )
    url: Described = {
        "raw": f"{{{{baseUrl}}}}{path}" + (f"?{on}" if on else ""),
        "host": ["{{baseUrl}}"],
        "path": path.split("/")[1:],
    }
    if query:
        url["query"] = query
    if named := [each for each in parameters if each["in"] == "path"]:
        url["variable"] = [_variable(each["name"], _value(each)) for each in named]
    return url


def _query(parameter: Described) -> Described:
    one = {"key": parameter["name"], "value": _value(parameter)}
    if "description" in parameter:
        one["description"] = parameter["description"]
    return one if parameter.get("required") else one | {"disabled": True}


def _headers(operation: Described, description: Described) -> list[Described]:
    """Those that may be sent, switched off."""
    parameters = [_parameter(each, description) for each in operation["parameters"]]
    return [
        {"key": each["name"], "value": "", "description": each["description"], "disabled": True}
        for each in parameters
        if each["in"] == "header"
    ]


def _value(parameter: Described) -> str:
    """Of a variable, if there is one of that name; else of the example or the default."""
    if parameter["name"] in VARIABLES:
        return f"{{{{{parameter['name']}}}}}"
    value = parameter.get("example", parameter["schema"].get("default", ""))
    return str(value[0] if isinstance(value, list) else value)


def _body(example: Any) -> str:
    """With variables in the place of the ids and tokens of other answers."""
    text = orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    names = "|".join(VARIABLES)
    return re.sub(rf'"({names})": "[^"]*"', r'"\1": "{{\1}}"', text)


def _script(operation: str) -> list[str]:
    kept = KEPT.get(operation)
    if not kept:
        return []
    lines = [
        f'  pm.collectionVariables.set("{variable}", pm.response.json().{field});'
        for variable, field in kept.items()
    ]
    return ["if (pm.response.code < 300) {", *lines, "}"]


def _parameter(parameter: Described, description: Described) -> Described:
    if "$ref" not in parameter:
        return parameter
    name = parameter["$ref"].rpartition("/")[2]
    named: Described = description["components"]["parameters"][name]
    return named


def _variable(key: str, value: str) -> Described:
    return {"key": key, "value": value, "type": "string"}
