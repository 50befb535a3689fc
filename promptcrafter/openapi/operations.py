"""One operation, derived from its view."""

import re
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, get_doc
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import ListField

import promptcrafter.openapi.fields  # noqa: F401  # registers them
from promptcrafter.fields import TextField
from promptcrafter.openapi.tables import (
    ALWAYS,
    BEARER,
    CODES,
    CSRF,
    ERROR,
    HAVE_A_TAG,
    HEADERS,
    LISTS,
    OF_A_BODY,
    OF_A_KEY,
    OF_A_SESSION,
    OF_A_STATUS,
    OF_A_TOKEN,
    OF_A_WRITE,
    OF_NO_OPERATION,
    REQUEST_HEADERS,
    REQUIRED_QUERY,
    SESSION,
    TAGS,
    path_parameter,
    query_parameter,
)
from promptcrafter.wire import StrictJSONParser

JSON = StrictJSONParser.media_type
VERBS = {"POST": "create", "PUT": "set", "PATCH": "update"}


class Schema(AutoSchema):
    """One operation."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        self.codes = self._codes()
        operation["security"] = self.get_auth()
        operation["parameters"] = operation.get("parameters", []) + self._request_headers()
        responses = self._with_headers(operation["responses"]) | self._errors()
        operation["responses"] = dict(sorted(responses.items()))
        for code in OF_NO_OPERATION:
            self._error(CODES[code][0], [code])
        return operation

    # Words --------------------------------------------------------------------------------------

    def get_operation_id(self) -> str:
        """A verb and a noun of the path: `createPrompt`, `listVersions`, `rollbackLabel`."""
        *outer, noun = [part for part in self.path.split("/")[1:] if "{" not in part]
        if noun.endswith("s") and not self.path.endswith("}") and self.method == "GET":
            return f"list{noun.capitalize()}"
        verb = VERBS.get(self.method, self.method.lower())
        if self.method == "POST" and not noun.endswith("s"):
            verb, noun = noun, "".join(outer[-1:])
        return verb + noun.removesuffix("s").capitalize()

    def get_tags(self) -> list[str]:
        named = [part for part in self.path.split("/") if part in TAGS]
        return named[-1:] or ["service"]

    def get_summary(self) -> str:
        return self._doc()[0].removesuffix(".")

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular does
        words = [self._doc()[1]]
        if self.get_auth():
            scope = "".join(self._scopes())
            words.append(f"A key needs `{scope}`." if scope else "No key may do this.")
        return " ".join(filter(None, words))

    def _doc(self) -> tuple[str, str]:
        """The first sentence of the docstring, and the rest."""
        handler = getattr(self.view, getattr(self.view, "action", self.method.lower()))
        words = " ".join((get_doc(handler) or get_doc(type(self.view))).split())
        first, _, rest = words.partition(". ")
        return first, rest

    # What is asked ------------------------------------------------------------------------------

    def get_auth(self) -> list[Any]:
        if not self.view.get_authenticators():
            return []
        for name, scheme in {"bearer": BEARER, "session": SESSION, "csrf": CSRF}.items():
            self._component(ResolvedComponent.SECURITY_SCHEMA, name, scheme)
        session: dict[str, list[str]] = {"session": []}
        if self.method != "GET":
            session["csrf"] = []
        return [{"bearer": self._scopes()}, session]

    def _scopes(self) -> list[str]:
        """What a key needs; nothing where no key may call."""
        scopes = getattr(self.view, "scopes", {})
        return [str(scopes[self.method])] if self.method in scopes else []

    def get_request_serializer(self) -> Any:
        return None if self.method == "DELETE" else super().get_request_serializer()

    def _get_request_body(self, direction: str = "request") -> Any:
        """A DELETE's too, where the view states one; drf-spectacular would leave it out."""
        if self.method != "DELETE" or self.get_request_serializer() is None:
            return super()._get_request_body(direction)
        self.method = "POST"
        try:
            return super()._get_request_body(direction)
        finally:
            self.method = "DELETE"

    def get_override_parameters(self) -> list[Any]:
        return [self._query_parameter(name) for name in self._query()]

    def _query_parameter(self, name: str) -> OpenApiParameter:
        """An optional one without an example, which pages to try things out would fill in: the list
        would be one of what it happens to fit."""
        schema, words, _ = query_parameter(self.path, name)
        is_required = name in REQUIRED_QUERY
        if not is_required:
            schema = {key: value for key, value in schema.items() if key != "example"}
        return OpenApiParameter(name, schema, description=words, required=is_required)

    def _resolve_path_parameters(self, variables: list[str]) -> list[Any]:
        return [
            {"in": "path", "name": name, "required": True, "schema": schema, "description": words}
            for name in variables
            for schema, words, _ in [path_parameter(name)]
        ]

    def _query(self) -> list[str]:
        return list(getattr(self.view, "known_parameters", tuple)())

    def _request_headers(self) -> list[Any]:
        names = {
            "If-Match": "precondition_failed" in self.codes,
            "If-None-Match": self.method == "GET",
            "Idempotency-Key": self._is_idempotent(),
        }
        return [
            self._component(
                ResolvedComponent.PARAMETER,
                name,
                {"in": "header", "name": name, **REQUEST_HEADERS[name]},
            )
            for name, is_read in names.items()
            if is_read
        ]

    def _is_idempotent(self) -> bool:
        handler = getattr(self.view, getattr(self.view, "action", self.method.lower()))
        return getattr(handler, "is_idempotent", False)

    # What is answered ---------------------------------------------------------------------------

    def _get_response_for_code(self, serializer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(serializer, str | list):
            return {}  # codes of errors, which `_errors` describes
        return super()._get_response_for_code(serializer, *args, **kwargs)

    def _with_headers(self, responses: dict[str, Any]) -> dict[str, Any]:
        for status, response in responses.items():
            response["description"] = HTTPStatus(int(status)).phrase
            headers = self._response_headers(status, response)
            if self.path in LISTS and self.method == "GET":
                tag = self._headers("ETag-of-a-list")["ETag-of-a-list"]
                headers = {"ETag": tag, **self._headers("Link")}
            if headers:
                response["headers"] = headers
        if self.method == "GET":
            described = {
                "description": "What you have still holds.",
                "headers": self._headers("ETag"),
            }
            responses["304"] = self._component(
                ResolvedComponent.RESPONSE, "not_modified", described
            )
        return responses

    def _response_headers(self, status: str, response: Any) -> dict[str, Any]:
        named = ["Idempotent-Replayed"] if self._is_idempotent() else []
        shown = response.get("content", {}).get(JSON, {}).get("schema", {}).get("$ref", "")
        if status.startswith("2") and (self.method == "GET" or shown.endswith(HAVE_A_TAG)):
            named.append("ETag")
        return self._headers(*named)

    def _headers(self, *names: str) -> dict[str, Any]:
        return {
            name: self._component(ResolvedComponent.HEADER, name, HEADERS[name]) for name in names
        }

    def _codes(self) -> set[str]:
        """Each error's code that the operation can answer."""
        codes = {*ALWAYS, *self._stated_codes()}
        for name in re.findall(r"\{(\w+)\}", self.path):
            codes.update(path_parameter(name)[2])
        for name in self._query():
            codes.update(query_parameter(self.path, name)[2])
        if self.get_auth():
            codes.update(OF_A_TOKEN)
            codes.update(OF_A_SESSION if self.method != "GET" else [])
        if self._scopes():
            codes.add("outside_labels")
        if hasattr(self.view, "known_parameters"):
            codes.add("invalid")
        if self._get_request_body():
            codes.update(OF_A_BODY)
        if self._is_idempotent():
            codes.update(OF_A_KEY)
        if self.method != "GET":
            codes.update(OF_A_WRITE)
        return codes

    def _stated_codes(self) -> list[str]:
        stated = self.get_response_serializers()
        if not isinstance(stated, dict):
            return []
        words = [[code] if isinstance(code, str) else code for code in stated.values()]
        return [code for codes in words if isinstance(codes, list) for code in codes]

    def _errors(self) -> dict[str, Any]:
        by_status: dict[int, list[str]] = {}
        for code in CODES:
            if code in self.codes:
                by_status.setdefault(CODES[code][0], []).append(code)
        return {str(status): self._error(status, codes) for status, codes in by_status.items()}

    def _error(self, status: int, codes: list[str]) -> dict[str, Any]:
        error = self._component(ResolvedComponent.SCHEMA, "Error", ERROR)
        schema = {"allOf": [error], "properties": {"code": {"enum": codes}}}
        response = {
            "description": "\n".join(f"- `{code}`: {CODES[code][1]}" for code in codes),
            "content": {JSON: {"schema": schema}},
        }
        if status in OF_A_STATUS:
            response["headers"] = self._headers(OF_A_STATUS[status])
        return self._component(ResolvedComponent.RESPONSE, "-".join(codes), response)

    def _component(self, kind: str, name: str, described: Any) -> dict[str, Any]:
        """A reference to what is described once."""
        component = ResolvedComponent(name=name, type=kind, schema=described, object=name)
        self.registry.register_on_missing(component)
        return component.ref

    # Shapes -------------------------------------------------------------------------------------

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Any:
        """An answer has all its fields, always, but for those in OPTIONAL. The docstring of a
        serializer is for its readers."""
        schema = super()._map_basic_serializer(serializer, direction)
        schema.pop("description", None)
        for field in schema["properties"].values():
            field.pop("title", None)  # it repeats the name
        if direction == "response":
            fields = schema["properties"].items()
            optional = getattr(serializer, "OPTIONAL", ())
            schema["required"] = [
                name
                for name, field in fields
                if not field.get("writeOnly") and name not in optional
            ]
        return schema

    def _insert_field_validators(self, field: Any, schema: Any) -> None:
        """Without the branch for the empty string, which our patterns allow by themselves, and with
        what is said of an empty list."""
        super()._insert_field_validators(field, schema)
        if isinstance(field, ListField) and not field.allow_empty:
            schema["minItems"] = 1
        if isinstance(field, TextField) and "oneOf" in schema:
            schema |= schema.pop("oneOf")[0]
