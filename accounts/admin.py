from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from accounts.models import User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    ordering = ["-created_at"]
    list_display = ["email", "name", "is_active", "is_staff", "created_at", "last_login"]
    list_filter = ["is_active", "is_staff", "created_at"]
    search_fields = ["email", "name"]
    readonly_fields = ["wire_id", "created_at", "last_login"]
    powers = ["is_staff", "is_superuser", "groups", "user_permissions"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (
            "Permissions",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Set by the server", {"fields": ["wire_id", "created_at", "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "usable_password", "password1", "password2"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Nobody gives themselves, or others, more than they have."""
        given = super().get_readonly_fields(request, obj)
        return [*given] if _is_superuser(request) else [*given, *self.powers]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nor takes over who has more."""
        return super().has_change_permission(request, obj) and not _is_above(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_above(request, obj)


def _is_above(request: HttpRequest, user: User | None) -> bool:
    """Of two who are staff, neither is below the other; only a superuser is above them."""
    if user is None or user == request.user or _is_superuser(request):
        return False
    return user.is_staff or user.is_superuser


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
