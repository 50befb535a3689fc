"""The examples of the description: what the service answers today, and what their schemas say."""

import pytest
from django.db import transaction
from jsonschema import Draft202012Validator

from promptcrafter.description import description
from promptcrafter.openapi import examples
from promptcrafter.openapi.tables import CODES
from tests import reference
from tests.test_openapi import OPERATIONS

JSON = examples.JSON
COMPONENTS = description()["components"]
BY_NAME = {operation["operationId"]: operation for operation in OPERATIONS.values()}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:.*(Bad request|Internal Server Error).*"),
]


@pytest.fixture(scope="module")
def captured(django_db_setup, django_db_blocker):
    """The examples, captured again, and the answers that they are of."""
    with django_db_blocker.unblock(), transaction.atomic():
        told = reference.capture()
        transaction.set_rollback(True)
    return told


def answers():
    """Of each operation: its name, the status, and the media type's description."""
    for name, operation in BY_NAME.items():
        for status, response in operation["responses"].items():
            if JSON in response.get("content", {}):
                yield name, status, response["content"][JSON]


def problems(schema, value):
    validator = Draft202012Validator({**schema, "components": COMPONENTS})
    return [error.message for error in validator.iter_errors(value)]


def test_the_examples_are_what_the_service_answers(captured):
    assert captured[0] == examples.read(), "run `make docs`"


def test_every_request_has_an_example_that_its_schema_allows():
    bodies = {
        name: operation["requestBody"]["content"][JSON]
        for name, operation in BY_NAME.items()
        if "requestBody" in operation
    }
    for name, body in bodies.items():
        assert problems(body["schema"], body["example"]) == [], name


def test_every_answer_has_an_example_that_its_schema_allows():
    for name, status, body in answers():
        if name != "getDescription":  # its answer is what all of this is about
            assert problems(body["schema"], body["example"]) == [], (name, status)


def test_every_error_has_an_example_that_its_schema_allows():
    assert set(COMPONENTS["examples"]) == set(CODES)
    for name, response in COMPONENTS["responses"].items():
        if name != "not_modified":
            body = response["content"][JSON]
            assert set(body["examples"]) == set(body["schema"]["properties"]["code"]["enum"])
            for code in body["examples"]:
                assert problems(body["schema"], COMPONENTS["examples"][code]["value"]) == []


def test_every_required_parameter_has_an_example_that_its_schema_allows():
    for name, operation in BY_NAME.items():
        for parameter in operation["parameters"]:
            if parameter.get("required"):
                assert problems(parameter["schema"], parameter["example"]) == [], name


def test_a_header_of_an_answer_is_described_and_one_that_is_required_is_there(captured):
    for answer in captured[1]:
        if answer.operation not in BY_NAME:  # an error; test_errors.py looks at those
            continue
        described = BY_NAME[answer.operation]["responses"][str(answer.status)].get("headers", {})
        required = {
            name
            for name, header in described.items()
            if COMPONENTS["headers"][header["$ref"].rpartition("/")[2]].get("required")
        }
        sent = set(answer.headers) - {"Allow"}  # which every answer has, and 405 is described with
        assert required <= sent <= set(described), answer.operation


def test_the_example_of_a_header_is_one_that_its_schema_allows():
    shown = {name: each for name, each in COMPONENTS["headers"].items() if "example" in each}
    assert set(COMPONENTS["headers"]) - set(shown) == {"ETag-of-a-list"}  # which differs each time
    for name, header in shown.items():
        assert problems(header["schema"], header["example"]) == [], name
