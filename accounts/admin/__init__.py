"""People in the admin: who they are, how they are logged in, what they own, and what an operator
may do about it."""

from accounts.admin.users import UserAdmin

__all__ = ["UserAdmin"]
