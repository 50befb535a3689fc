"""Bytes in, bytes out: how a request's body becomes values, and values a response's body."""

import json
from typing import Any, NoReturn

import orjson
from rest_framework.exceptions import NotAcceptable, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer

JSON = {"*/*", "application/json"}


def to_json(data: Any, options: int = 0) -> bytes:
    """Times as ISO 8601 in UTC ending in `Z`."""
    return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z | options)


class OrjsonRenderer(JSONRenderer):
    """Writes JSON with orjson."""

    def render(self, data, accepted_media_type=None, renderer_context=None):
        if data is None:
            return b""
        is_indented = self.get_indent(accepted_media_type, renderer_context or {})
        return to_json(data, orjson.OPT_INDENT_2 if is_indented else 0)


class StrictJSONParser(JSONParser):
    """Reads one JSON object in UTF-8, and refuses what RFC 8259 leaves to chance.

    A subclass of JSONParser because DRF bounds the body's size by `isinstance` (3.18). The standard
    library's decoder rather than orjson: it lets a lone surrogate through to the field that holds
    it, so that the error can name the field, and shows every key, so that duplicates are seen.
    """

    renderer_class = OrjsonRenderer

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            data = json.loads(
                stream.read().decode("utf-8"),
                object_pairs_hook=_object_of_unique_keys,
                parse_constant=_refuse_constant,
            )
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error
        except UnicodeDecodeError as error:
            raise ParseError("The body is not UTF-8.") from error
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {_describe(error)}.") from error
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object, like {…}.")
        return data


class Negotiation(DefaultContentNegotiation):
    """JSON in, and JSON out unless HTML is asked for."""

    def select_parser(self, request, parsers):
        """The one for exactly that type; DRF would let `*/*` through."""
        media_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request, renderers, format_suffix=None):
        """An Accept header that we can't meet is answered in JSON rather than by 406."""
        if request.META.get("HTTP_ACCEPT", "*/*") in JSON:  # as nearly all programs say
            return renderers[0], renderers[0].media_type
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            return renderers[0], renderers[0].media_type


def _object_of_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _describe(error: ValueError) -> str:
    """The decoder's own words; int() would go on about a Python setting."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "a number has too many digits" if "integer string" in str(error) else str(error)
