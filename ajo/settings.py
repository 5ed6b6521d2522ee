"""Settings of the project. Everything that differs between installations comes from the environment."""

from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from ajo.core.logging import logging_config
from ajo.env import BASE_DIR, database, env, secret

# --- where and how we run ---------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
EMBEDDED = env.bool("EMBEDDED", default=False)  # `make run`: everything on one machine, with the mail inbox
ROLE = env.str("AJO_ROLE", default="web")  # web | collector | worker
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
TRACKING_URL = env.str("TRACKING_URL", default=PUBLIC_URL).rstrip("/")  # opens, clicks, unsubscribes

SECRET_KEY = secret("SECRET_KEY") or ("not-secret-only-for-development" if DEBUG or EMBEDDED else "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SALT_KEY = secret("SALT_KEY") or SECRET_KEY  # for the secrets encrypted in the database
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- the project ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "rest_framework_api_key",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "channels",
    "ajo",
    "ajo.core",
    "profiles",
    "audiences",
    "channels_app",
    "journeys",
]

ROOT_URLCONF = "ajo.urls"
ASGI_APPLICATION = "ajo.asgi.application"
WSGI_APPLICATION = "ajo.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "ajo.core.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ajo.core.permissions.AccessMiddleware",
    "ajo.core.web.errors.RefusedMiddleware",
]
if ROLE == "collector":  # takes volume: no sessions, no pages
    ROOT_URLCONF = "ajo.urls_collector"
    MIDDLEWARE = ["ajo.core.request_id.RequestIdMiddleware", "django.middleware.common.CommonMiddleware"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ajo.core.web.chrome",
            ],
            "builtins": ["django.templatetags.i18n", "ajo.core.templatetags.ui"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

# --- data -------------------------------------------------------------------------------------------------------

DATABASES = {"default": database(env.str("DATABASE_URL", default="postgres://ajo@127.0.0.1:5432/ajo"))}
DATABASES["default"] |= {"CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=300), "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_USER_MODEL = "core.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
AUTH_PASSWORD_VALIDATORS.append(
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    }
)
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# --- work: see ajo/celery.py for queues and schedules -----------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
# Events, steps and messages older than this are dropped, a month at a time; 0 keeps everything.
RETENTION_DAYS = env.int("RETENTION_DAYS", default=0)
TASK_TIME_SLICE_SECONDS = env.float("TASK_TIME_SLICE_SECONDS", default=20.0)

# --- web safety -------------------------------------------------------------------------------------------------

HTTPS = env.bool("HTTPS", default=not (DEBUG or EMBEDDED))
SECURE_SSL_REDIRECT = HTTPS and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes speak plain HTTP
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # previews of mails stand in frames of our own pages
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/", "/api/docs/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "style-src-attr": ["'unsafe-inline'"],  # nodes of the canvas are placed by style attributes
        "img-src": [SELF, "data:", "https:"],
        "font-src": [SELF],
        "connect-src": [SELF, "ws:", "wss:"],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 12_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
# Outbound calls may reach private addresses only where an operator says so (tests, a relay in the same network).
OUTBOUND_ALLOWED_HOSTS = env.list("OUTBOUND_ALLOWED_HOSTS", default=[])
if EMBEDDED:  # our own mail inbox, and nothing else beside it
    OUTBOUND_ALLOWED_HOSTS.append(f"127.0.0.1:{env.int('EMBEDDED_SMTP_PORT', default=1025)}")

# --- API --------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ajo.core.api.authentication.ApiKeyAuthentication",
        "ajo.core.api.authentication.SandboxSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["ajo.core.api.permissions.HasAccess"],
    "DEFAULT_PAGINATION_CLASS": "ajo.core.api.pagination.Pages",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["ajo.core.api.throttling.PerCaller"],
    "DEFAULT_THROTTLE_RATES": {"caller": env.str("API_RATE", default="1200/min")},
    "EXCEPTION_HANDLER": "ajo.core.api.problems.handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Journey optimizer API",
    "DESCRIPTION": "Journeys, profiles, messages and their set-up. Errors are problem JSON (RFC 9457).",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "ENUM_NAME_OVERRIDES": {
        "MessageState": "channels_app.models.message.Message.State",
        "InstanceState": "journeys.models.instance.JourneyInstance.State",
        "VersionStatus": "journeys.models.journey.JourneyVersion.Status",
        "ParkedStatus": "profiles.models.inbox.ParkedRecord.Status",
    },
}

# --- language, time, static files, logs -------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static" if EMBEDDED else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG or EMBEDDED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or EMBEDDED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "media"

LOGGING = logging_config(level=env.str("LOG_LEVEL", default="INFO"), json=env.bool("LOG_JSON", default=True))
LOGGING_CONFIG = "logging.config.dictConfig"

UNFOLD = {"SITE_TITLE": "Journey optimizer", "SITE_HEADER": "Administration"}
