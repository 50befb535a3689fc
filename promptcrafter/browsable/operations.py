"""What the API's description says of a path: the words, forms and bodies of its operations."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import QueryDict
from django.urls import ResolverMatch
from django.utils.html import format_html_join

from promptcrafter.description import description
from promptcrafter.openapi.links import named

# What an edit is not filled in with: a new e-mail needs the password beside it.
NOT_FILLED_IN = {"email"}

FEW = 3

Described = dict[str, Any]


class Field(NamedTuple):
    """One query parameter, as a form asks for it."""

    name: str
    kind: str  # of `<input>`, or "select"
    words: str
    values: list[str]  # an input for each
    options: list[str]
    default: Any
    minimum: Any
    maximum: Any
    is_required: bool


class Operation(NamedTuple):
    method: str
    id: str
    summary: Any
    words: Any
    fields: list[Field]
    body: str | None

    @property
    def plain_fields(self) -> list[Field]:
        """Those that stand open: all if they are few, or else those that are needed."""
        return [each for each in self.fields if each.is_required or len(self.fields) <= FEW]

    @property
    def more_fields(self) -> list[Field]:
        return [each for each in self.fields if each not in self.plain_fields]

    @property
    def rows(self) -> int:
        """Lines of the box that the body stands in."""
        return min(max((self.body or "").count("\n") + 2, 4), 24)


def template_of(match: ResolverMatch) -> str:
    """The path as the description has it: `/prompts/{promptId}/stats`."""
    route = match.route.removeprefix("^").removesuffix(r"\Z").removesuffix("$")
    braced = re.sub(r"\(\?P<(\w+)>[^)]*\)|<(\w+)>", lambda m: f"{{{m[1] or m[2]}}}", route)
    return named(f"/{braced}")


def described(template: str) -> dict[str, Described]:
    """By method, in lower case; nothing for a path that the description does not have."""
    found: dict[str, Described] = description()["paths"].get(template, {})
    return found


def operation(template: str, method: str, *, query: QueryDict, answer: Any) -> Operation | None:
    found = described(template).get(method.lower())
    if found is None:
        return None
    return Operation(
        method=method,
        id=found["operationId"],
        summary=marked(found.get("summary") or ""),
        words=marked(found.get("description") or ""),
        fields=[_field(each, query) for each in _query(found)],
        body=_body(found, method, query=query, answer=answer),
    )


def missing(template: str, query: QueryDict) -> list[str]:
    """The parameters that reading it needs and that were not sent."""
    asked = _query(described(template).get("get", {}))
    return [each["name"] for each in asked if each.get("required") and each["name"] not in query]


def marked(text: str) -> Any:
    """With what stands between backticks as code."""
    pairs = re.findall("([^`]*)(?:`([^`]*)`)?", text)
    return format_html_join("", "{}<code>{}</code>", pairs) if "`" in text else text


# Parameters -------------------------------------------------------------------------------------


def _query(found: Described) -> list[Described]:
    """What is needed first; without the cursor, for who changes a filter begins anew."""
    parameters = [_resolved(each) for each in found.get("parameters", [])]
    of_query = [each for each in parameters if each["in"] == "query" and each["name"] != "cursor"]
    return sorted(of_query, key=lambda each: not each.get("required"))


def _field(parameter: Described, query: QueryDict) -> Field:
    name, schema = parameter["name"], _resolved(parameter["schema"])
    is_repeatable = schema.get("type") == "array"
    values = query.getlist(name)
    options = schema.get("enum", [])
    return Field(
        name=name,
        kind="select" if options else _input(schema, values),
        words=marked(parameter.get("description", "")),
        values=[*values, ""] if is_repeatable else (values[:1] or [""]),
        options=[*options, *(each for each in values[:1] if each and each not in options)],
        default=schema.get("default"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        is_required=bool(parameter.get("required")),
    )


def _input(schema: Described, values: list[str]) -> str:
    """A date's input can't show a time, nor a number's a word: text that is there stays to be
    seen."""
    is_time = schema.get("format") in {"date", "date-time"} or schema.get("pattern", "").startswith(
        r"^\d{4}-"
    )
    if is_time and re.fullmatch(r"|\d{4}-\d\d-\d\d", "".join(values[:1])):
        return "date"
    if schema.get("type") in {"integer", "number"} and re.fullmatch("[0-9.]*", "".join(values[:1])):
        return "number"
    return "text"


# Bodies -----------------------------------------------------------------------------------------


def _body(found: Described, method: str, *, query: QueryDict, answer: Any) -> str | None:
    """An example to send; of an edit, what is there now. None where nothing is sent."""
    media = _resolved(found.get("requestBody", {})).get("content", {}).get("application/json")
    if media is None:
        return None
    example = media["example"] if "example" in media else sample(media["schema"])
    if method in {"PATCH", "PUT"} and isinstance(answer, Mapping):
        example = _current(_resolved(media["schema"]), answer) or example
    filled = {name: query.get(name, value) for name, value in example.items()}
    return json.dumps(filled, indent=2, ensure_ascii=False)


def _current(schema: Described, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an edit can change, as it is; with the version that it is made from."""
    names = [name for name in schema.get("properties", {}) if name not in NOT_FILLED_IN]
    current = {name: answer[name] for name in names if name in answer}
    if current and "baseVersion" in names and "version" in answer:
        current["baseVersion"] = answer["version"]
    return current


def sample(schema: Described, name: str = "") -> Any:
    """Some value of that shape, where the description has no example."""
    schema = _resolved(schema)
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    for key in ("enum", "allOf", "anyOf", "oneOf"):
        if key in schema:
            return sample(schema[key][0], name) if key != "enum" else schema[key][0]
    properties = schema.get("properties", {})
    wanted = schema.get("required") or list(properties)[:1]
    kind = schema.get("type")
    by_kind = {
        "array": lambda: [sample(schema["items"], name)],
        "object": lambda: {each: sample(properties[each], each) for each in wanted},
        "integer": lambda: schema.get("minimum", 1),
        "number": lambda: schema.get("minimum", 1),
        "boolean": lambda: False,
    }
    kind = kind[0] if isinstance(kind, list) else kind
    return by_kind.get(str(kind), lambda: name)()


def _resolved(described: Described) -> Described:
    """What a reference points at."""
    while "$ref" in described:
        kind, name = described["$ref"].split("/")[2:]
        described = description()["components"][kind][name]
    return described
