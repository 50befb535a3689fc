"""Words and shapes that are said once: codes, headers, parameters, tags."""

from typing import Any

from django.conf import settings

from promptcrafter import ids
from promptcrafter.openapi.fields import ANY_TEXT, LABEL, NOT_BLANK, NUMBER

# Each code with its status, and when it is answered; a test holds it against the errors' table.
CODES: dict[str, tuple[int, str]] = {
    "invalid": (400, "Something is missing or invalid; `fields` says what."),
    "parse_error": (400, "The body is not one JSON object."),
    "malformed_id": (400, "The id could never be one."),
    "malformed_version": (400, "The version's number could never be one."),
    "malformed_label": (400, "The label's name could never be one."),
    "missing_variables": (400, "Variables, `missing`, have neither a value nor a default."),
    "rendered_too_long": (400, "The text would be longer than this server allows."),
    "batch_refused": (400, "Of logs that are to be kept together some can't be; see `items`."),
    "unknown_host": (400, "The server does not answer to that Host name."),
    "bad_request": (400, "The request is malformed."),
    "not_authenticated": (401, "There is no token."),
    "invalid_token": (401, "The token is malformed, expired or revoked."),
    "wrong_credentials": (401, "The e-mail or the password is wrong."),
    "insufficient_scope": (403, "The key lacks a scope, `missing`; or no key may do this."),
    "outside_labels": (403, "The key is limited to `labels`."),
    "not_owner": (403, "It is somebody else's."),
    "permission_denied": (403, "A browser's session calls without its CSRF token."),
    "not_found": (404, "There is no such thing."),
    "no_such_version": (404, "The prompt has no version of that number."),
    "label_not_set": (404, "The prompt does not carry that label; `labels` are those it does."),
    "no_such_route": (404, "There is no such path."),
    "method_not_allowed": (405, "The path does not take that method; `Allow` lists those it does."),
    "too_many_keys": (409, "You have as many keys as may be."),
    "signups_closed": (403, "Nobody can sign up here."),
    "email_taken": (409, "There is an account with this e-mail."),
    "external_id_taken": (409, "You have a log with this `externalId`; `logId` is its id."),
    "version_conflict": (409, "`baseVersion` is not the newest; `changes` are those since."),
    "label_conflict": (409, "The label does not point at `expectedVersion`."),
    "nothing_to_roll_back": (409, "The label pointed nowhere before its last move."),
    "idempotency_key_in_progress": (409, "The first request with this key is still running."),
    "conflict": (409, "Something that it depends on changed at the same moment."),
    "length_required": (411, "The body has no Content-Length."),
    "precondition_failed": (412, "It is not any more what `If-Match` says."),
    "body_too_large": (413, "The body is too long."),
    "unsupported_media_type": (415, "The body is not `application/json`."),
    "idempotency_key_reused": (422, "The key was sent with another request."),
    "throttled": (429, "Too many requests; come back after `Retry-After` seconds."),
    "busy": (429, "Too many people are logging in; come back after `Retry-After` seconds."),
    "server_error": (500, "A mistake of the server's; it has been logged."),
    "unavailable": (503, "The database does not answer; come back after `Retry-After` seconds."),
    "insufficient_storage": (507, "The disk of the database is full; what is there can be read."),
}
ALWAYS = ["unknown_host", "bad_request", "throttled", "server_error", "unavailable"]
OF_A_WRITE = ["conflict", "insufficient_storage"]
OF_A_TOKEN = ["not_authenticated", "invalid_token", "insufficient_scope"]
OF_A_SESSION = ["permission_denied"]
OF_A_BODY = [
    "invalid",
    "parse_error",
    "length_required",
    "body_too_large",
    "unsupported_media_type",
]
OF_NO_OPERATION = ["no_such_route", "method_not_allowed"]
OF_A_KEY = ["invalid", "idempotency_key_in_progress", "idempotency_key_reused"]

ERROR: dict[str, Any] = {
    "type": "object",
    "description": "Every error. Branch on the status and `code`; `error` is for a person.",
    "required": ["error", "code"],
    "properties": {
        "error": {"type": "string", "minLength": 1, "description": "How to be right."},
        "code": {"type": "string", "pattern": "^[a-z_]+$", "description": "A stable word."},
        "fields": {
            "type": "object",
            "description": "With `invalid`: what is wrong, by field.",
            "minProperties": 1,
            "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        },
        "labels": {
            "description": "With `label_not_set`: the version of each label that is set. With "
            "`outside_labels`: those that the key is limited to.",
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
                {"type": "array", "items": {"type": "string"}},
            ],
        },
        "missing": {
            "type": "array",
            "items": {"type": "string"},
            "description": "With `insufficient_scope`: what the key needs; nothing where none may. "
            "With `missing_variables`: their names.",
        },
        "currentVersion": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "With `version_conflict` and `label_conflict`.",
        },
        "logId": {
            "type": "string",
            "pattern": ids.pattern("log"),
            "description": "With `external_id_taken`: the log that has it.",
        },
        "items": {
            "type": "array",
            "description": "With `batch_refused`: the error of each that can't be kept.",
            "items": {
                "type": "object",
                "required": ["index", "status", "error", "code"],
                "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "status": {"type": "integer"},
                    "error": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
        "changes": {
            "type": "array",
            "description": "With `version_conflict`: the fields that differ.",
            "items": {
                "type": "object",
                "required": ["field", "before", "after"],
                "properties": {"field": {"type": "string"}, "before": {}, "after": {}},
            },
        },
    },
}

BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of log-in, or an API key (`pc_…`).",
}
SESSION = {
    "type": "apiKey",
    "in": "cookie",
    "name": settings.SESSION_COOKIE_NAME,
    "description": "Of a browser that logged in at `/api-auth/login/`; it sends it by itself. "
    "Over HTTPS it is `__Host-sessionid`.",
}
CSRF = {
    "type": "apiKey",
    "in": "header",
    "name": "X-CSRFToken",
    "description": "With the cookie, of all that is not a GET: the token that our pages hold.",
}

HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {
        "description": "Names this state; for `If-Match` and `If-None-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^(?:W/)?"[^"]+"$'},
    },
    "ETag-of-a-list": {
        "description": "Names this state, for `If-None-Match`; not of a list of over 256 kB, which "
        "is sent as it is read.",
        "schema": {"type": "string", "pattern": '^(?:W/)?"[^"]+"$'},
    },
    "Link": {
        "description": "With `limit`: the pages `first`, `prev` and `next` (RFC 8288).",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}},
    "Allow": {
        "description": "The methods that the path takes.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Idempotent-Replayed": {
        "description": "Stands there where the answer is that of an earlier request.",
        "schema": {"type": "string", "const": "true"},
    },
}
HAVE_A_TAG = ("/Prompt", "/EditedPrompt", "/Label")  # what POST, PATCH and PUT answer with it
OF_A_STATUS = {
    401: "WWW-Authenticate",
    405: "Allow",
    429: "Retry-After",
    503: "Retry-After",
    507: "Retry-After",
}

REQUEST_HEADERS: dict[str, dict[str, Any]] = {
    "If-Match": {
        "description": "The ETag of the state that you edited, or `*`: 412 where it has changed.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "description": "The ETag of the answer that you have: 304 where it still holds.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": "Sent twice with the same request, it is carried out once in 24 hours.",
        "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
    },
}

MOMENT = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d))?$",
    "example": "2026-01-31T12:00:00Z",
}
SCORE = {"type": "number", "minimum": 0, "maximum": 10}
FLAG = {"type": "string", "enum": ["true", "false"], "default": "false"}
ONE_TEXT = {"type": "string", "maxLength": 100, "pattern": NOT_BLANK}

OF_A_SIDE = ["invalid", "malformed_version", "malformed_label"]

QUERY: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "version": (NUMBER, "As of this version, or of it alone.", ["malformed_version"]),
    "label": (LABEL, "Show it as of the version that this label points at.", ["malformed_label"]),
    "promptId": (
        {"type": "string", "pattern": ids.pattern("prompt")},
        "Of this prompt alone.",
        ["malformed_id", "not_owner", "not_found"],
    ),
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": 500},
        "A page of so many; `Link` leads to the others.",
        ["invalid"],
    ),
    "cursor": ({"type": "string"}, "Where the page begins, as a `Link` has it.", ["invalid"]),
    "tag": (
        {"type": "array", "items": {"type": "string", "maxLength": 50, "pattern": NOT_BLANK}},
        "Those that carry this tag; sent several times, each of them.",
        ["invalid"],
    ),
    "model": (ONE_TEXT, "Of this model.", ["invalid"]),
    "modelUsed": (ONE_TEXT, "Of this model.", ["invalid"]),
    "since": (MOMENT, "Outputs from then on.", ["invalid"]),
    "until": (MOMENT, "Outputs before then.", ["invalid"]),
    "groupBy": (
        {"type": "string", "enum": ["both", "version", "model"], "default": "both"},
        "What outputs are told apart by.",
        ["invalid"],
    ),
    "a": (
        {**ONE_TEXT, "example": "3"},
        "A version's number, a label or `latest`; with `by=model`, a model.",
        OF_A_SIDE,
    ),
    "b": (
        {**ONE_TEXT, "example": "5"},
        "Likewise: the one that the verdict is about.",
        OF_A_SIDE,
    ),
    "by": (
        {"type": "string", "enum": ["version", "model"], "default": "version"},
        "What `a` and `b` are.",
        ["invalid"],
    ),
    "minScored": (
        {"type": "integer", "minimum": 2, "maximum": 1_000_000, "default": 5},
        "Those with at least so many scored outputs.",
        ["invalid"],
    ),
    "externalId": ({**ONE_TEXT, "maxLength": 200}, "With this id of your own.", ["invalid"]),
    "atomic": (FLAG, "Keep all of them, or none.", ["invalid"]),
    "createdAfter": (MOMENT, "Created later than this.", ["invalid"]),
    "createdBefore": (MOMENT, "Created earlier than this.", ["invalid"]),
    "updatedAfter": (MOMENT, "Updated later than this.", ["invalid"]),
    "updatedBefore": (MOMENT, "Updated earlier than this.", ["invalid"]),
    "minScore": (SCORE, "With this score or a higher one.", ["invalid"]),
    "maxScore": (SCORE, "With this score or a lower one.", ["invalid"]),
    "content": (
        {"type": "string", "enum": ["full", "preview", "none"], "default": "full"},
        "The whole text, its first 200 characters as `preview`, or nothing of it.",
        ["invalid"],
    ),
    "highlight": (
        FLAG,
        "Tell where the words occur, as `matches`.",
        ["invalid"],
    ),
    "id": (
        {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "maxItems": 100,
        },
        "A prompt's `_id`; as often as there are prompts to get.",
        ["invalid"],
    ),
    "prefix": (
        {"type": "string", "maxLength": 100, "pattern": ANY_TEXT},
        "Those that begin so, case aside.",
        ["invalid"],
    ),
    "q": (
        {"type": "string", "maxLength": 1000, "pattern": NOT_BLANK, "example": "mountain photo"},
        "Words, each of which must occur; no character is an operator.",
        ["invalid"],
    ),
    "from": (
        {"anyOf": [NUMBER, LABEL, {"const": "latest"}]},
        "A version's number, a label, or `latest`.",
        ["malformed_version", "malformed_label"],
    ),
    "to": (
        {"anyOf": [NUMBER, LABEL, {"const": "latest"}], "default": "latest"},
        "Likewise.",
        ["malformed_version", "malformed_label"],
    ),
}
REQUIRED_QUERY = {"q", "from", "id", "a", "b"}

# Lists that may be long: in pages, and sent as they are read; with what they can be in order of.
LISTS: dict[str, list[str]] = {
    "/prompts": ["createdAt", "updatedAt", "title"],
    "/logs": ["createdAt", "score"],
    "/search": [],
}

PATH: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "number": (NUMBER, "The version's number.", ["malformed_version", "no_such_version"]),
    "label": (LABEL, "The label's name.", ["malformed_label", "label_not_set"]),
}

TAGS = {
    "auth": "Accounts and tokens.",
    "prompts": "Texts for an AI model.",
    "versions": "What a prompt said before; kept for good.",
    "labels": "Names that point at versions: `production` is what an application reads.",
    "logs": "The outputs that prompts produced.",
    "evidence": "What outputs say of what produced them.",
    "trash": "What was deleted, until it is destroyed.",
    "service": "The service itself.",
}


# Path → parameters that mean something else there than elsewhere.
OWN: dict[str, dict[str, tuple[dict[str, Any], str, list[str]]]] = {
    "/logs": {
        "version": (NUMBER, "Of this version alone.", ["malformed_version"]),
        "label": (LABEL, "Those that were sent with this label.", ["malformed_label"]),
    },
    "/prompts/{promptId}/compare": {
        "model": (ONE_TEXT, "Outputs of this model alone.", ["invalid"]),
        "version": (
            {"anyOf": [NUMBER, LABEL, {"const": "latest"}]},
            "With `by=model`: outputs of this version alone.",
            ["malformed_version", "malformed_label"],
        ),
    },
    "/leaderboard": {
        "limit": (
            {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
            "At most so many.",
            ["invalid"],
        ),
    },
}


def query_parameter(path: str, name: str) -> tuple[dict[str, Any], str, list[str]]:
    """Its schema, a sentence about it, and the errors that it may bring."""
    if name in OWN.get(path, {}):
        return OWN[path][name]
    if name == "limit" and path not in LISTS:
        return QUERY[name][0], "At most so many.", QUERY[name][2]
    if name != "ordering":
        return QUERY[name]
    words = [f"{sign}{each}" for each in LISTS[path] for sign in ("", "-")]
    schema = {"type": "string", "enum": words, "default": "-createdAt"}
    return schema, "What the list is in order of; with `-`, from the highest down.", ["invalid"]


def path_parameter(name: str) -> tuple[dict[str, Any], str, list[str]]:
    """The same of a parameter in a path."""
    if name in PATH:
        return PATH[name]
    kind = name.removesuffix("Id")
    schema = {"type": "string", "pattern": ids.pattern(kind)}
    return schema, f"The {kind}'s `_id`.", ["malformed_id", "not_owner", "not_found"]
