"""How passwords are stored. Not for anything with more entropy than a person can remember."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id at the OWASP minimum (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.

    Django's default takes 100 MiB and 8 lanes: a handful of log-ins at once would be an outage.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
