from typing import Any

from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm

from accounts.models import User


class UserForm(UserChangeForm):
    password: Any = None  # Django's field shows the hash's algorithm, salt, and first letters


class PasswordForm(AdminPasswordChangeForm):
    """Somebody's new password, or none. Their sessions end, as with every new password."""

    user: User

    def save(self, commit: bool = True) -> Any:
        is_usable = self.cleaned_data["set_usable_password"]
        self.user.change_password(self.cleaned_data["password1"] if is_usable else None)
        return self.user
