"""How often somebody may try. The limits are settings: a number of events in a time, or None.

Counts are kept in the database (accounts.models.counters), exact across processes.
"""

import time
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error

from accounts.addresses import address_of
from accounts.models import Count, Counter
from promptcrafter.environment import Rate


class Throttled(Exception):
    """Too often; tells what, and after how many seconds it may work again."""

    def __init__(self, what: str, seconds: int) -> None:
        self.retry_after = max(seconds, 1)
        self.refusal = what.removesuffix(" from here")
        super().__init__(f"Too many {what}; try again in {_spoken(self.retry_after)}.")


def look_at_sign_ups(request: Any) -> None:
    """Raises Throttled where the limit is reached already; counts nothing."""
    name, rate = f"sign-up {address_of(request)}", settings.SIGNUPS_PER_ADDRESS
    known = Counter.objects.look_up(name).get(name)
    if rate and known and known.events >= rate.limit:
        raise Throttled("sign-ups from here", known.seconds_left)


def count_sign_up(request: Any) -> None:
    """Raises Throttled."""
    name = f"sign-up {address_of(request)}"
    _count(name, settings.SIGNUPS_PER_ADDRESS, what="sign-ups from here")


def count_reset(request: Any, email: str) -> bool:
    """Whether a mail may be sent to that address; raises Throttled for who asks too often."""
    what = "requests for a new password from here"
    _count(f"reset {address_of(request)}", settings.RESETS_PER_ADDRESS, what=what)
    try:
        _count(f"reset of {email}", settings.RESETS_PER_ACCOUNT, what=what)
    except Throttled:
        return False
    return True


def _count(name: str, rate: Rate | None, *, what: str) -> None:
    if rate is None:
        return
    counted = Counter.objects.add({name: rate.seconds})[name]
    if counted.events > rate.limit:
        raise Throttled(what, counted.seconds_left)


class LoginAttempt:
    """A password that is about to be tried, for an account and from an address.

    Counted before it is tried, so that of many at once no more than the limit are; a good one is
    taken back, and ends its own count. What is counted for an account is what came from this
    address: nobody can lock out somebody who is elsewhere. But while an account is tried from
    everywhere at once, each address has a fifth of its tries.
    """

    def __init__(self, request: Any, email: str) -> None:
        address = address_of(request)
        self.pair = f"log-in {address} {email}"
        self.address = f"log-in {address}"
        self.account = f"log-in of {email}"
        self.rates: dict[str, Rate] = {
            name: rate
            for name, rate in {
                self.pair: settings.LOGIN_FAILURES,
                self.address: settings.LOGIN_FAILURES_PER_ADDRESS,
                self.account: settings.LOGIN_FAILURES_PER_ACCOUNT,
            }.items()
            if rate is not None
        }

    def look(self) -> None:
        """Raises Throttled where the limit is reached already. Counts nothing, and so costs no
        write."""
        known = Counter.objects.look_up(*self.rates) if self.rates else {}
        self._check({name: Count(each.events + 1, each[1]) for name, each in known.items()})

    def begin(self) -> None:
        """Counts it; raises Throttled where that was one too many."""
        if self.rates:
            self._check(Counter.objects.add({n: rate.seconds for n, rate in self.rates.items()}))

    def succeed(self) -> None:
        Counter.objects.forget(self.pair)
        Counter.objects.take_back(self.address, self.account)

    def _check(self, counts: dict[str, Count]) -> None:
        limits = {name: rate.limit for name, rate in self.rates.items()}
        everywhere = limits.pop(self.account, None)
        tried = counts.get(self.account)
        if everywhere and tried and tried.events > everywhere and self.pair in limits:
            limits[self.pair] = max(limits[self.pair] // 5, 1)
        waits = [
            counts[name].seconds_left
            for name, limit in limits.items()
            if name in counts and counts[name].events > limit
        ]
        if waits:
            raise Throttled("failed log-ins from here", max(waits))


class Allowance:
    """How many requests people may still make in this window, as far as this process knows.

    Exact across processes without a write for each request. A hundredth of the limit is each
    process's own to give, with nobody asked (a limit below 100 has none). Beyond that it leases
    a twentieth of what is left from the common count, by one atomic statement, and gives that;
    towards the end the leases are of one. So the limit is never passed, and with 30,000 a minute
    the first 300 calls in each process cost no write, and the others at first one for each 1,470.
    """

    def __init__(self) -> None:
        self.window = 0
        self.left: dict[UUID, int] = {}
        self.common: dict[UUID, int] = {}
        self.lock = Lock()

    def take(self, user_id: UUID) -> None:
        """One request; raises Throttled."""
        rate = settings.REQUESTS_PER_USER
        if rate is None:
            return
        window = int(time.time()) // rate.seconds
        if not self._take_own(user_id, rate, window):
            self._lease(user_id, rate, window)

    def is_known_to_be_left(self, user_id: UUID) -> bool:
        """Whether `take` would ask nobody."""
        rate = settings.REQUESTS_PER_USER
        if rate is None:
            return True
        with self.lock:
            is_now = self.window == int(time.time()) // rate.seconds
            return (self.left.get(user_id, rate.limit // 100) if is_now else rate.limit // 100) > 0

    def _take_own(self, user_id: UUID, rate: Rate, window: int) -> bool:
        with self.lock:
            if window != self.window:
                self.window, self.left, self.common = window, {}, {}
            left = self.left.get(user_id, rate.limit // 100)
            self.left[user_id] = left - 1 if left > 0 else 0
            return left > 0

    def _lease(self, user_id: UUID, rate: Rate, window: int) -> None:
        limit = rate.limit - settings.WORKERS * (rate.limit // 100)
        with self.lock:
            known = self.common.get(user_id, 0)
        granted = 0
        if known < limit:
            size = max((limit - known) // 20, 1)
            try:
                counted = self._add(user_id, rate, window, size)
            except Error:
                return  # the request itself will tell what is wrong with the database
            granted = min(size, limit - (counted - size))
            self._keep(user_id, window, counted=counted, left=granted - 1)
        if granted <= 0:
            raise Throttled("calls", (window + 1) * rate.seconds - int(time.time()))

    def _keep(self, user_id: UUID, window: int, *, counted: int, left: int) -> None:
        with self.lock:
            if window == self.window:  # or another thread has begun the next one meanwhile
                self.common[user_id] = counted
                self.left[user_id] = self.left.get(user_id, 0) + max(left, 0)

    def _add(self, user_id: UUID, rate: Rate, window: int, size: int) -> int:
        name = f"requests of {user_id} in {window}"
        return Counter.objects.add({name: rate.seconds}, by=size)[name].events


allowance = Allowance()


def _spoken(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"
