"""The pages where people log in and choose a new password."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import login, views
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts import hashers, refusals
from accounts.backends import prove_password, sign_up
from accounts.models import EmailTaken, SignupsClosed, User
from accounts.models.resets import WrongLink, reset_password, user_of_reset_token
from accounts.serializers import PASSWORD_MAX_LENGTH, SignupSerializer
from accounts.throttles import Throttled


def site_of(request: Any) -> str:
    """What links in mails begin with."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


class PasswordChanged(Exception):
    def __init__(self) -> None:
        super().__init__("Your password was changed elsewhere at this moment; log in again.")


class GuardedForm(forms.Form):
    """Says on the page that somebody tries too often, or that too many do; `retry_after` then tells
    the seconds."""

    retry_after: int | None = None
    spokesman: str | None = None  # the field whose error it is, where a page shows no others

    def clean(self) -> Any:
        try:
            return super().clean()
        except (Throttled, hashers.Busy) as error:
            self.refuse(error)

    def refuse(self, error: Throttled | hashers.Busy | PasswordChanged) -> None:
        if isinstance(error, Throttled | hashers.Busy):
            refusals.note(error.refusal)
        self.retry_after = getattr(error, "retry_after", None)
        self.add_error(self.spokesman, str(error))


class LoginForm(GuardedForm, AuthenticationForm):
    pass


class AdminLoginForm(GuardedForm, AdminAuthenticationForm):
    pass


class AdminPasswordForm(GuardedForm, AdminPasswordChangeForm):
    """One's own password, in the admin: guesses at the old one are counted as at log-in, for the
    session may be somebody else's."""

    spokesman = "old_password"

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        old = str(self.cleaned_data["old_password"])
        try:
            self.proven = prove_password(self.request, self.user, old)
        except (Throttled, hashers.Busy) as error:
            self.refuse(error)
        else:
            if self.proven is None:
                raise ValidationError(self.error_messages["password_incorrect"])
        return old

    def save(self, commit: bool = True) -> Any:
        self.user.change_password(self.cleaned_data["new_password1"], check=self._check)
        return self.user

    def _check(self, locked: User) -> None:
        if locked.password != self.proven:
            raise PasswordChanged


class AdminPasswordPage(views.PasswordChangeView):
    """The admin's own page, with our form."""

    form_class = AdminPasswordForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | admin.site.each_context(self.request)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            with hashers.slot():
                return super().form_valid(form)
        except (hashers.Busy, PasswordChanged) as error:
            form.refuse(error)
            return self.form_invalid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        return with_retry_after(super().form_invalid(form), form)


class SignupForm(GuardedForm):
    """Three fields, under the rules of the API."""

    name = forms.CharField(max_length=100)
    email = forms.EmailField(label="E-mail")
    password = forms.CharField(
        strip=False,
        max_length=PASSWORD_MAX_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters.",
    )

    def clean(self) -> Any:
        super().clean()
        if not self.errors:
            self.serializer = SignupSerializer(data=self.cleaned_data)
            if not self.serializer.is_valid():
                for name, sentences in self.serializer.errors.items():
                    self.add_error(name, [str(each) for each in sentences])
        return self.cleaned_data


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SignupPage(FormView):
    """Makes an account, and logs it in."""

    form_class = SignupForm
    template_name = "accounts/sign_up.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.SIGNUPS_OPEN:
            return super().dispatch(request, *args, **kwargs)
        return self.render_to_response({"problem": str(SignupsClosed())}, status=403)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            user = sign_up(self.request, form.serializer.save)
        except EmailTaken as error:
            form.add_error("email", str(error))
            return self.form_invalid(form)
        except (Throttled, hashers.Busy) as error:
            form.refuse(error)
            return with_retry_after(self.form_invalid(form), form)
        login(self.request, user, backend="accounts.backends.GuardedBackend")
        return redirect(settings.LOGIN_REDIRECT_URL)


class LoginPage(views.LoginView):
    authentication_form = LoginForm
    template_name = "accounts/log_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(signups_open=settings.SIGNUPS_OPEN, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        return with_retry_after(super().form_invalid(form), form)


def admin_login(request: HttpRequest) -> HttpResponse:
    """The admin's own log-in page, with our form."""
    response = admin.site.login(request)
    return with_retry_after(response, getattr(response, "context_data", {}).get("form"))


def with_retry_after(response: HttpResponse, form: Any) -> HttpResponse:
    if form is not None and form.retry_after is not None:
        response.status_code = 429
        response.headers["Retry-After"] = str(form.retry_after)
    return response


class NewPasswordForm(GuardedForm, SetPasswordForm):
    revoke_keys = forms.BooleanField(
        label="Revoke the keys of my programs too: somebody else may know my password",
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].validators.append(MaxLengthValidator(PASSWORD_MAX_LENGTH))


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class PasswordResetPage(FormView):
    """Where the link of the mail leads. The token is in the query, which we log nowhere."""

    form_class = NewPasswordForm
    template_name = "accounts/password_reset.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.token = request.GET.get("token", "")
        try:
            self.user = user_of_reset_token(self.token)
            return super().dispatch(request, *args, **kwargs)
        except WrongLink as error:
            return self.render_to_response({"problem": str(error)}, status=404)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.user}

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        try:
            with hashers.slot():
                reset_password(
                    self.token,
                    form.cleaned_data["new_password1"],
                    revoke_keys=form.cleaned_data["revoke_keys"],
                )
        except hashers.Busy as error:
            form.refuse(error)
            return with_retry_after(self.form_invalid(form), form)
        return self.render_to_response({"is_done": True})
