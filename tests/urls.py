"""The project's routes, and some that fail in ways that a client can't bring about."""

import sqlite3

import psycopg
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.urls import path
from rest_framework.views import APIView

from accounts.hashers import Busy
from accounts.models import SignupsClosed, TooManyKeys, User
from accounts.throttles import Throttled
from promptcrafter.urls import handler400, handler403, handler404, handler500, urlpatterns
from prompts.views import lists

__all__ = ["handler400", "handler403", "handler404", "handler500"]

FAILURES = {
    kind.__name__: kind
    for kind in (
        DataError,
        IntegrityError,
        InterfaceError,
        OperationalError,
        PermissionError,
        RecursionError,
        RequestDataTooBig,
        SuspiciousOperation,
    )
}


class FullOfSQLite(OperationalError):
    def __init__(self, said):
        self.__cause__ = sqlite3.OperationalError(said)
        self.__cause__.sqlite_errorcode = sqlite3.SQLITE_FULL


class FullOfPostgreSQL(OperationalError):
    def __init__(self, said):
        self.__cause__ = psycopg.errors.DiskFull(said)


FAILURES |= {"FullOfSQLite": FullOfSQLite, "FullOfPostgreSQL": FullOfPostgreSQL}

REFUSALS = {
    "Busy": Busy(),
    "Throttled": Throttled("calls", 5),
    "TooManyKeys": TooManyKeys(),
    "SignupsClosed": SignupsClosed(),
}


class FailingView(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request, name):
        if name in REFUSALS:
            raise REFUSALS[name]
        raise FAILURES[name]("the inside story")


class QuotingView(APIView):
    """Fails over a text that the caller sends, with an error that quotes it."""

    def post(self, request, name):
        text = request.data["text"]
        if name == "ValueError":
            float(text)
        User.objects.bulk_create([User(email="In@Capitals.example", name=text[:100])])


class FailingHalfWayView(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request):
        def rows():
            yield from [[{"text": "x" * 100_000}]] * 5
            raise OperationalError("the inside story")

        return lists.whole(request, rows())


def failing_page(request, name):
    raise FAILURES[name]("the inside story")


urlpatterns = [
    *urlpatterns,
    path("fail/<name>", FailingView.as_view()),
    path("fail-half-way", FailingHalfWayView.as_view()),
    path("fail-over-a-text/<name>", QuotingView.as_view()),
    path("fail-outside-the-api/<name>", failing_page),
]
