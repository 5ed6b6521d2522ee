"""The settings of the tests: the product's own, beside servers that forget."""

import os

from tests import servers

servers.start_if_not_configured()
os.environ["REDIS_URL"] = servers.redis_url_of_worker()
os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("EMBEDDED", "1")
os.environ.setdefault("DATA_DIR", str(servers.CACHED / "files"))

from ajo.settings import *  # noqa: E402, F403  (the product's settings read what is set above)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
