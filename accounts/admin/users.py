from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from accounts.admin import access, bulk, owned, rank
from accounts.admin.forms import PasswordForm, UserForm
from accounts.models import EmailTaken, User
from promptcrafter.admin import ListAdmin

View = Callable[..., HttpResponse]


def tells_what_happened_meanwhile(view: View) -> View:
    """What two operators do at once is no error of either's."""

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(self, request, *args, **kwargs)
        except EmailTaken as error:
            sentence = str(error)
        except User.DoesNotExist:
            sentence = "This account was deleted meanwhile."
        except rank.Above:
            sentence = "This account became staff meanwhile; nothing was changed."
        self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:accounts_user_changelist"))

    return guarded


@admin.register(User)
class UserAdmin(ListAdmin, DjangoUserAdmin):
    form = UserForm
    change_password_form = PasswordForm
    ordering = ["-pk"]
    sortable_by = ["email", "created"]
    list_display = ["email", "name", "is_active", "is_staff", "created", "seen"]
    list_filter = ["is_active", "is_staff", "created_at"]
    allowed_lookups = [
        *("is_active__exact", "is_staff__exact"),
        *("created_at__gte", "created_at__lt"),
    ]
    search_fields = ["email", "name"]
    actions = ["disable", "enable", "end_sessions", "revoke_keys", "delete_selected"]
    readonly_fields = ["password_is", "wire_id", "created_at", "last_login"]
    powers: Any = ["is_staff", "is_superuser", "groups", "user_permissions"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password_is", "is_active"]}),
        ("What they may do here", {"fields": powers, "classes": ["collapse"]}),
        ("Set by the server", {"fields": ["wire_id", "created_at", "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "usable_password", "password1", "password2"]}),
    ]

    # Who may what --------------------------------------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Nobody gives themselves, or others, more than they have; nor disables themselves."""
        given = [*super().get_readonly_fields(request, obj)]
        if obj == request.user or not self.has_disable_permission(request):
            given.append("is_active")
        return given if rank.is_superuser(request) else [*given, *self.powers]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nor takes over who has more."""
        return super().has_change_permission(request, obj) and not rank.is_above(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nor ends the account that they are logged in with."""
        may = super().has_delete_permission(request, obj) and not rank.is_above(request, obj)
        return may and obj != request.user

    def has_disable_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.disable_user")

    def has_end_sessions_permission(self, request: HttpRequest) -> bool:
        return access.may(request, "delete", "session")

    def has_revoke_keys_permission(self, request: HttpRequest) -> bool:
        return access.may(request, "delete", "apikey")

    # What is shown -------------------------------------------------------------------------------

    @admin.display(ordering="pk", description="created")  # they sort alike, and this by an index
    def created(self, user: User) -> str:
        return f"{user.created_at:%Y-%m-%d}"

    @admin.display(description="last log-in", empty_value="never")
    def seen(self, user: User) -> str | None:
        return f"{user.last_login:%Y-%m-%d %H:%M}" if user.last_login else None

    @admin.display(description="password")
    def password_is(self, user: User) -> str:
        """Nothing of the hash."""
        return "Is set." if user.has_usable_password() else "Is not set."

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        user = context.get("original")
        if user is not None:
            context["access"] = access.shown(request, user)
        return super().render_change_form(request, context, *args, **kwargs)

    # Saving --------------------------------------------------------------------------------------

    @tells_what_happened_meanwhile
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @tells_what_happened_meanwhile
    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        if request.method != "POST":
            return super().user_change_password(request, id, form_url)
        with transaction.atomic():
            rank.lock(request, User(pk=UUID(id)))
            return super().user_change_password(request, id, form_url)

    @tells_what_happened_meanwhile
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().delete_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Of an account that is there, what the operator changed, and never the whole row."""
        if change:
            own = {field.name for field in User._meta.concrete_fields}
            changes = {name: form.cleaned_data[name] for name in form.changed_data if name in own}
            obj.edit(check=rank.check(request), **changes)
            return
        try:
            with transaction.atomic():
                obj.save(force_insert=True)
        except IntegrityError as error:
            raise EmailTaken from error

    # Deleting ------------------------------------------------------------------------------------

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Numbers, where Django would name each row."""
        things = owned.owned_by(objs)
        counts = {each.name: each.number for each in things if each.number}
        return [str(user) for user in objs], counts, set(owned.undeletable(request, things)), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        obj.delete(check=rank.check(request))

    # Many at once --------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django shows the list to who posts an action and may do none."""
        if request.method == "POST" and not self.get_actions(request):
            raise PermissionDenied
        return super().changelist_view(request, *args, **kwargs)

    @admin.action(description="Disable selected users", permissions=["disable"])
    def disable(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        return bulk.confirmed(self, request, queryset, bulk.DISABLE)

    @admin.action(description="Enable selected users", permissions=["disable"])
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        return bulk.confirmed(self, request, queryset, bulk.ENABLE)

    @admin.action(description="Revoke all sessions of selected", permissions=["end_sessions"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        return bulk.confirmed(self, request, queryset, bulk.END_SESSIONS)

    @admin.action(description="Revoke all keys of selected", permissions=["revoke_keys"])
    def revoke_keys(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        return bulk.confirmed(self, request, queryset, bulk.REVOKE_KEYS)

    @admin.action(description="Delete selected users", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        return bulk.confirmed(self, request, queryset, bulk.DELETE)

    # Revoking ------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        revoke = self.admin_site.admin_view(self.revoke_view)
        ours = path("<uuid:key>/revoke/<str:what>/", revoke, name="accounts_user_revoke")
        return [ours, *super().get_urls()]

    def revoke_view(self, request: HttpRequest, key: UUID, what: str) -> HttpResponse:
        """A page that asks; posted, ends the key or the session, or all of them."""
        user = User.objects.filter(pk=key).first()
        if user is None:
            raise Http404
        if not self.has_view_or_change_permission(request, user):
            raise PermissionDenied
        revoked = access.revoked(request, user, what)
        if not access.may_revoke(request, user, revoked.permission):
            raise PermissionDenied
        if request.method == "POST":
            return self._revoke(request, user, revoked)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Revoke {revoked.name} of {user}?",
            "means": revoked.means,
            "opts": self.opts,
            "original": user,
            "button": "Revoke",
            "back_url": _page_of(user),
        }
        return TemplateResponse(request, "admin/accounts/user/confirm.html", context)

    @tells_what_happened_meanwhile
    @transaction.atomic
    def _revoke(self, request: HttpRequest, user: User, revoked: access.Revocation) -> HttpResponse:
        rank.lock(request, user)
        for rows in revoked.rows:
            rows.delete()
        self.log_change(request, user, f"Revoked {revoked.name}.")
        self.message_user(request, f"Revoked {revoked.name} of {user}.", messages.SUCCESS)
        return HttpResponseRedirect(_page_of(user))


def _page_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])
