"""Where a request comes from."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings

TEXT_MAX_LENGTH = 100  # of an address, with the zone that IPv6 knows


def address_of(request: Any) -> str:
    """The client's address; of IPv6 the /64, which is what one household or machine is given.

    X-Forwarded-For is believed as far as our own proxies wrote it, from the right: what stands left
    of them is the client's to invent. Empty where there is no request.
    """
    if request is None:
        return ""
    direct = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    hops = settings.TRUSTED_PROXIES
    claimed = forwarded[-hops].strip() if 0 < hops <= len(forwarded) else direct
    known = _network(claimed) if len(claimed) <= TEXT_MAX_LENGTH else None
    return known or _network(direct) or direct


@lru_cache(maxsize=1_024)
def _network(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address.packed[:8] + bytes(8), 64)))
