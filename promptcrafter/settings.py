"""One settings file; every environment variable in it is explained in docs/configuration.md."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import drf_spectacular_sidecar
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from promptcrafter import environment as env

DATA_DIR = env.DATA_DIR
DEBUG = env.flag("DEBUG", default=False)
HTTPS = env.flag("HTTPS", default=False)
SECRET_KEY = env.secret("SECRET_KEY", file=DATA_DIR / "secret_key", minimum=50)
JWT_SIGNING_KEY = env.secret("JWT_SIGNING_KEY", file=DATA_DIR / "jwt_signing_key", minimum=32)
if JWT_SIGNING_KEY == SECRET_KEY:
    raise ImproperlyConfigured("JWT_SIGNING_KEY must be another than SECRET_KEY.")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

# The server that `make run` starts.
HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, minimum=1, maximum=65535)
WORKERS = env.number("WORKERS", 2, minimum=1, maximum=64)
THREADS = env.number("THREADS", 4, minimum=1, maximum=64)

# Applications -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "promptcrafter",  # first, for its templates stand in for others'
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "prompts",
]

MIDDLEWARE = [
    "promptcrafter.journal.each_request",
    "promptcrafter.headers.for_browsers",
    "django.middleware.security.SecurityMiddleware",
    "promptcrafter.middleware.guard",
    "prompts.views.direct.directly",
    "promptcrafter.pages.StaticFiles",
    "django.middleware.http.ConditionalGetMiddleware",
    "promptcrafter.pages.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "promptcrafter.pages.Authentication",
    "promptcrafter.pages.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "promptcrafter.urls"
WSGI_APPLICATION = "promptcrafter.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# Of the package Swagger UI alone: as an application it would bring 5 MB of another one, too.
STATICFILES_DIRS = [
    (
        "swagger-ui",
        Path(drf_spectacular_sidecar.__path__[0])
        / "static/drf_spectacular_sidecar/swagger-ui-dist",
    )
]
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Only developers' tools ask for source maps.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Database ---------------------------------------------------------------------------------------

SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 5,
    # A transaction that reads and then writes would otherwise fail at once with "database is
    # locked" when another has written in between: the busy timeout does not apply to upgrades.
    "transaction_mode": "IMMEDIATE",
    # FULL: what was answered 2xx is on the disk. It costs nothing measurable beside NORMAL.
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA journal_size_limit=67108864;"
    ),
}
POSTGRESQL_OPTIONS: dict[str, Any] = {
    "connect_timeout": 3,
    # At the first time; it is those of promptcrafter.statements alone that are prepared.
    "prepare_threshold": 0,
    "keepalives_idle": 30,
    "tcp_user_timeout": 10_000,
    # A session stuck in a lock gives up instead of holding a thread for ever. PostgreSQL 15 expects
    # far more rows than most requests read: compiling a search's statement and starting workers
    # for it took 25 ms, the statement itself 2.
    "options": (
        "-c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000 "
        "-c jit=off -c max_parallel_workers_per_gather=0"
    ),
}


def database(config: dict[str, Any], *, of_several: str) -> dict[str, Any]:
    """With our options; of several hosts, the first that is what libpq calls `of_several`."""
    is_sqlite = config["ENGINE"].endswith("sqlite3")
    ours = SQLITE_OPTIONS if is_sqlite else POSTGRESQL_OPTIONS
    if "," in config.get("HOST", ""):
        ours = ours | {"target_session_attrs": of_several}
    config["OPTIONS"] = {**ours, **config.get("OPTIONS", {})}
    if config["OPTIONS"].get("prepare_threshold") == "off":
        config["OPTIONS"]["prepare_threshold"] = None
    # Kept for the life of the thread. Opening one per request costs four times the request.
    config.setdefault("CONN_MAX_AGE", None)
    config.setdefault("CONN_HEALTH_CHECKS", not is_sqlite)
    return config


_file = DATA_DIR / "promptcrafter.sqlite3"
DATABASES = {"default": database(env.database("DATABASE_URL", file=_file), of_several="read-write")}
READ_FROM_REPLICA = bool(env.text("READ_DATABASE_URL", ""))
if READ_FROM_REPLICA:
    DATABASES["replica"] = database(
        env.database("READ_DATABASE_URL", file=_file), of_several="standby"
    )
    DATABASE_ROUTERS = ["promptcrafter.replicas.Router"]
    if any(each["ENGINE"].endswith("sqlite3") for each in DATABASES.values()):
        raise ImproperlyConfigured("READ_DATABASE_URL takes PostgreSQL, here and in DATABASE_URL.")
DATABASE_SECONDS = env.number("DATABASE_SECONDS", 5, minimum=1, maximum=3_600)
# Where backups find PostgreSQL's programs, if not on the PATH.
PG_BINDIR = env.folder("PG_BINDIR")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.GuardedBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2idHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.ContextWordsValidator"},
]
SESSION_ENGINE = "accounts.sessions"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

PASSWORD_RESET_TIMEOUT = 3_600
HASHES_AT_ONCE = env.number("HASHES_AT_ONCE", 1, minimum=1, maximum=64)
LOGIN_FAILURES = env.rate("LOGIN_FAILURES", "10/15m")
LOGIN_FAILURES_PER_ADDRESS = env.rate("LOGIN_FAILURES_PER_ADDRESS", "100/15m")
LOGIN_FAILURES_PER_ACCOUNT = env.rate("LOGIN_FAILURES_PER_ACCOUNT", "100/15m")
SIGNUPS_OPEN = env.flag("SIGNUPS_OPEN", default=True)
SIGNUPS_PER_ADDRESS = env.rate("SIGNUPS_PER_ADDRESS", "300/1h")
RESETS_PER_ADDRESS = env.rate("RESETS_PER_ADDRESS", "10/1h")
RESETS_PER_ACCOUNT = env.rate("RESETS_PER_ACCOUNT", "5/1h")
REQUESTS_PER_USER = env.rate("REQUESTS_PER_USER", "30000/1m")
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, minimum=0, maximum=10)

# How long a refresh token is good when it is not used, and any session at most.
REFRESH_TOKEN_DAYS = env.number("REFRESH_TOKEN_DAYS", 30, minimum=1, maximum=366)
SESSION_DAYS = env.number("SESSION_DAYS", 180, minimum=1, maximum=3_660)
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "ISSUER": "promptcrafter",
    "AUDIENCE": "promptcrafter",
    "ACCESS_TOKEN_LIFETIME": timedelta(
        minutes=env.number("ACCESS_TOKEN_MINUTES", 60, minimum=1, maximum=1440)
    ),
    "USER_ID_CLAIM": "sub",
}

_mail = env.mail("EMAIL_URL", "consolemail://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"]
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "promptcrafter@localhost")
PUBLIC_URL = env.url("PUBLIC_URL")

# API --------------------------------------------------------------------------------------------

# 200,000 characters fit into a body even when each is written as two \uXXXX escapes.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.number(
    "MAX_BODY_BYTES", 2_621_440, minimum=1_024, maximum=104_857_600
)

MAX_RENDERED_BYTES = env.number("MAX_RENDERED_BYTES", 1_000_000, minimum=1_000, maximum=104_857_600)

MAX_AUTH_BODY_BYTES = env.number("MAX_AUTH_BODY_BYTES", 32_768, minimum=8_192, maximum=1_048_576)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.permissions.HasScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["promptcrafter.wire.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "promptcrafter.wire.OrjsonRenderer",
        "promptcrafter.browsable.renderer.PageRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "promptcrafter.wire.Negotiation",
    "EXCEPTION_HANDLER": "promptcrafter.errors.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "promptcrafter.openapi.operations.Schema",
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "PromptCrafter",
    "VERSION": "1.0.0",
    "DESCRIPTION": (
        "A home for generative-AI prompts: saved, versioned, released by label, searched, and kept "
        "beside the outputs that they produced. Fields of a body that are not known are ignored; "
        "query parameters that are not known, or sent twice, are 400. "
        "A path answers 405 to a method that it does not take, with those that it does in `Allow`."
    ),
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "",
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "PREPROCESSING_HOOKS": ["promptcrafter.openapi.links.name_parameters"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "promptcrafter.openapi.links.link",
        "promptcrafter.openapi.examples.illustrate",
    ],
}

# Safety of pages --------------------------------------------------------------------------------

CSRF_FAILURE_VIEW = "promptcrafter.errors.csrf_failure"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
# Not "Strict": who follows a link to the admin from a mail would have to log in again.
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
if HTTPS:  # a browser takes these names only from this very host, through HTTPS (RFC 6265bis)
    CSRF_COOKIE_NAME, SESSION_COOKIE_NAME = "__Host-csrftoken", "__Host-sessionid"
# In the session; a cookie of their own would carry the titles of prompts.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# "no-referrer" would make browsers send `Origin: null` with a form, and the CSRF check refuse it.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# The admin and log-in are sent on to HTTPS. A program is not: it would go on sending its token in
# the clear and never notice.
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(?!admin|api-auth|password-reset)"]

# Other sites' scripts may call only if they are listed; they bring a token, never our cookies.
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS", "")
CORS_ALLOW_HEADERS = [
    "authorization",
    "content-type",
    "if-match",
    "if-none-match",
    "idempotency-key",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "Idempotent-Replayed",
    "X-Request-Id",
]
if CORS_ALLOWED_ORIGINS:  # outside of the guard, so that a script can read its refusals
    MIDDLEWARE.insert(
        MIDDLEWARE.index("promptcrafter.middleware.guard"), "corsheaders.middleware.CorsMiddleware"
    )

# Metrics ----------------------------------------------------------------------------------------

METRICS = env.flag("METRICS", default=False)
METRICS_TOKEN = (
    env.secret("METRICS_TOKEN", file=DATA_DIR / "metrics_token", minimum=32) if METRICS else ""
)
if METRICS:
    MIDDLEWARE.insert(0, "promptcrafter.metrics.each_request")

# The rest ---------------------------------------------------------------------------------------

USE_I18N = False
TIME_ZONE = "UTC"

ACCESS_LOG = env.flag("ACCESS_LOG", default=True)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "promptcrafter.journal.Line"}},
    "handlers": {"stderr": {"class": "promptcrafter.journal.Stderr", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Django's own handlers write nothing to the console unless DEBUG; one tracked cause of a
        # 500 is worth more than a line for each 404.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},
        # A Host that we don't know is the client's mistake, and each would be a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "_granian": {"level": "WARNING"},
    },
}
