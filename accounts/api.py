"""What every view of the API has in common."""

from collections.abc import Collection
from functools import cache
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.throttles import allowance
from promptcrafter import ids, replicas


class ApiView(GenericAPIView):
    """Takes the query parameters that it names, each once, and counts the caller's requests."""

    parameters: Collection[str] = ()
    repeatable: Collection[str] = ()  # of them, those that may be sent more than once

    def known_parameters(self) -> Collection[str]:
        return self.parameters

    def perform_authentication(self, request: Request) -> None:
        """Counts here, so that what is then forbidden counts too; once, whoever tried before."""
        super().perform_authentication(request)
        if request.user.is_authenticated:
            if refusal := getattr(request, "refusal", None):
                raise refusal
            if not (replicas.is_repeated() or getattr(request, "is_counted", False)):
                allowance.take(request.user.pk)
            replicas.settle(request.method or "", request.user)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Once more, on the primary, where the replica failed it."""
        with replicas.reading():
            response = super().dispatch(request, *args, **kwargs)
            if replicas.stay(response):
                response = super().dispatch(request, *args, **kwargs)
            return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        if response.status_code < 400:
            replicas.conclude(request.method or "", getattr(request, "_user", None))
        finished = super().finalize_response(request, response, *args, **kwargs)
        if finished.status_code < 400 and request.method != "OPTIONS":
            del finished.headers["Allow"]  # which DRF tells with every answer
        return finished

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in self.allowed_methods:
            return  # which is the 405 to come
        sent = request.query_params.lists()
        if wrong := {name: why for name, values in sent if (why := self._wrong(name, values))}:
            raise ValidationError(wrong)

    def asked(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """The parameters that were sent, valid and typed; raises ValidationError."""
        sent = self.request.query_params
        data = {
            name: sent.getlist(name) if name in self.repeatable else sent[name] for name in sent
        }
        return dict(_checked_by(shape).run_validation(data))

    def find(self, among: QuerySet[Any], wire_id: str) -> Any:
        """The caller's thing of that id; raises MalformedId, NotFound or PermissionDenied."""
        kind = among.model.KIND
        return self.require(kind, among.filter(pk=ids.decode(kind, wire_id)).first())

    def require(self, kind: str, found: Any) -> Any:
        """That thing, where it is there and the caller's; raises NotFound or PermissionDenied."""
        if found is None:
            raise self.not_found(kind)
        self.check_object_permissions(self.request, found)
        return found

    def not_found(self, kind: str) -> NotFound:
        return NotFound(f"There is no {kind} with this id.")

    def _wrong(self, name: str, values: list[str]) -> str | None:
        if name not in self.known_parameters():
            known = ", ".join(f"`{each}`" for each in self.known_parameters()) or "none"
            return f"There is no such parameter here; there is {known}."
        is_once = len(values) == 1 or name in self.repeatable
        return None if is_once else "Send it once."


@cache
def _checked_by(shape: type[Serializer[Any]]) -> Serializer[Any]:
    """One for all requests and threads: what it is asked to validate leaves nothing in it."""
    parameters = shape()
    parameters.fields  # noqa: B018  # made here, once
    return parameters
