"""What schemathesis, which loads this file, can't know from the description.

Four of its checks get exceptions, each a rule that no schema can say. All else that it checks, it
checks as it is.
"""

import os
from typing import Any

import schemathesis
from schemathesis.specs.openapi.checks import (
    ensure_resource_availability,
    negative_data_rejection,
    positive_data_acceptance,
    use_after_free,
)

# Of any operation: what it depends on has changed (If-Match), or its key was sent with another
# request (Idempotency-Key).
STATE = {412, 422}

OF_A_REFERENCE = {"label_not_set", "no_such_version"}

MOMENTS = ("createdAfter", "createdBefore")
SPAN = ("since", "until")

# Operation → the fields whose value may be refused for what else there is.
RULES = {
    # A new password is held against a list of common ones, and against the name and the e-mail.
    "POST /auth/signup": {"password"},
    "POST /auth/password": {"newPassword", "currentPassword"},
    # The tool does not know the password, and so does not end its own account.
    "PATCH /auth/me": {"currentPassword"},
    "DELETE /auth/me": {"password"},
    # A time to come; scopes that go with `labels`.
    "POST /auth/keys": {"expiresAt", "scopes"},
    # `version` and `label` exclude each other.
    "GET /prompts/{promptId}": {"label"},
    "POST /prompts/{promptId}/render": {"label"},
    # A cursor is one that a list gave; a day may be one that there is not.
    "GET /prompts": {"cursor", *MOMENTS, "updatedAfter", "updatedBefore"},
    "GET /search": {"cursor", *MOMENTS, "updatedAfter", "updatedBefore", "q"},
    "GET /logs": {"cursor", *MOMENTS},
    # More digits than are kept, and what no text can hold.
    "POST /logs": {"costUsd", "variables"},
    # Two versions; one of the two may be held fixed.
    "GET /prompts/{promptId}/compare": {"b", "version", "model", *SPAN},
    "GET /prompts/{promptId}/stats": {*SPAN},
    # No number beyond the newest version's.
    "PATCH /prompts/{promptId}": {"baseVersion"},
    "PUT /prompts/{promptId}/labels/{label}": {"version"},
}

# Operation → errors of what only the state, or another parameter, makes wrong.
REFUSALS = {
    "POST /prompts/{promptId}/render": {"missing_variables"},
    "POST /render": {"missing_variables"},
    "POST /logs/batch": {"batch_refused"},
    # Any text is a model, but not a version.
    "GET /prompts/{promptId}/compare": {"malformed_version", "malformed_label"},
}


class Trash:
    """The prompts that are in it, and those that came back; a prompt takes its logs along."""

    prompts: set[str] = set()
    restored: set[str] = set()
    prompt_of: dict[str, str] = {}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Keeps its own session open, and lets through two headers that, drawn at random, would have
    nearly every valid request refused."""
    if case.path_parameters.get("sessionId") == os.environ["OWN_SESSION"]:
        case.path_parameters["sessionId"] = "session_00000000000000000000000000"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = case.id
    if "If-Match" in case.headers:
        del case.headers["If-Match"]
        if case.id[0].islower():
            case.headers["If-Match"] = "*"


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    if case.operation.label == "DELETE /prompts/{promptId}" and response.status_code == 204:
        Trash.prompts.add(case.path_parameters["promptId"])
    if case.operation.label == "POST /trash/{promptId}/restore" and response.status_code == 200:
        Trash.prompts.discard(case.path_parameters["promptId"])
        Trash.restored.add(case.path_parameters["promptId"])
    if case.operation.label == "POST /logs" and response.status_code == 201:
        log = response.json()
        Trash.prompt_of[log["_id"]] = log["promptId"]


@schemathesis.check
def valid_data_is_accepted(context: Any, response: Any, case: Any) -> bool | None:
    if response.status_code in STATE:
        return None
    if response.status_code == 400:
        if response.json()["code"] in REFUSALS.get(case.operation.label, ()):
            return None
        wrong = set(response.json().get("fields", {}))
        if wrong and wrong <= RULES.get(case.operation.label, set()):
            return None
    return positive_data_acceptance(context, response, case)


@schemathesis.check
def invalid_data_is_refused(context: Any, response: Any, case: Any) -> bool | None:
    """Of several logs each is: the answer is 200, and tells which."""
    is_batch = (case.method, case.operation.path) == ("POST", "/logs/batch")
    items = response.json() if is_batch and response.status_code == 200 else []
    if any(item["status"] == 400 for item in items):
        return None
    return negative_data_rejection(context, response, case)


@schemathesis.check
def what_was_deleted_is_gone(context: Any, response: Any, case: Any) -> bool | None:
    """It may have been taken out of the trash; and a label's history stays."""
    is_restored = case.path_parameters.get("promptId") in Trash.restored
    if is_restored or case.operation.path.endswith("/history"):
        return None
    return use_after_free(context, response, case)


@schemathesis.check
def what_was_made_is_there(context: Any, response: Any, case: Any) -> bool | None:
    """A log's prompt may be in the trash; a label that is not set, and a version that is not there
    yet, are not the prompt that was made."""
    if response.status_code == 404 and response.json()["code"] in OF_A_REFERENCE:
        return None
    if Trash.prompt_of.get(case.path_parameters.get("logId")) in Trash.prompts:
        return None
    return ensure_resource_availability(context, response, case)
