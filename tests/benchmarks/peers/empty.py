"""The least that Django answers: a view that gives bytes, without middleware or database."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

ANSWER = b'{"id":"prompt_01jdb3q9gxe7x9s8m3k2v4n5p6","content":"' + b"x" * 700 + b'"}'


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ANSWER, content_type="application/json")


settings.configure(
    SECRET_KEY=os.environ["PEER_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    USE_I18N=False,
)
urlpatterns = [path("prompts", answer)]
application = get_wsgi_application()
