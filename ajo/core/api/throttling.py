"""How many requests a caller may make: counted per API key, else per user or address."""

from rest_framework.throttling import SimpleRateThrottle


class PerCaller(SimpleRateThrottle):
    scope = "caller"

    def get_cache_key(self, request, view) -> str:
        access = request.auth
        if access is not None and access.api_key is not None:
            ident = f"key-{access.api_key.pk}"
        elif access is not None:
            ident = f"user-{access.user.pk}"
        else:
            ident = self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
