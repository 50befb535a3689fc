"""Examples: what the service really answered, as the tests captured it (`make docs`).

`examples.json` has each operation's parameters, request and answers, each error by its code, and
the headers. Its ids, times and tokens are stand-ins, the same throughout.
"""

from pathlib import Path
from typing import Any

import orjson

JSON = "application/json"
FILE = Path(__file__).with_name("examples.json")


def read() -> dict[str, Any]:
    """Nothing at all while there is no file yet."""
    nothing: dict[str, Any] = {"operations": {}, "errors": {}, "headers": {}}
    return orjson.loads(FILE.read_bytes()) if FILE.exists() else nothing


def illustrate(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Puts each example where the description speaks of its kind; drf-spectacular's last step."""
    examples = read()
    for methods in result["paths"].values():
        for operation in methods.values():
            _illustrate(operation, examples["operations"].get(operation["operationId"], {}))
    components = result["components"]
    for name, response in components["responses"].items():
        codes = [code for code in name.split("-") if code in examples["errors"]]
        if codes:
            shared = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
            response["content"][JSON]["examples"] = shared
    for name, value in examples["headers"].items():
        components["headers"][name]["example"] = value
    components["examples"] = {
        code: {"value": body} for code, body in sorted(examples["errors"].items())
    }
    return result


def _illustrate(operation: dict[str, Any], example: dict[str, Any]) -> None:
    if "request" in example:
        operation["requestBody"]["content"][JSON]["example"] = example["request"]
    for status, body in example.get("responses", {}).items():
        operation["responses"][status]["content"][JSON]["example"] = body
    for parameter in operation["parameters"]:
        # Not of the optional ones, which a page to try things out would send along.
        if parameter.get("required") and parameter["name"] in example.get("parameters", {}):
            parameter["example"] = example["parameters"][parameter["name"]]
