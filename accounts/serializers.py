from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.backends import prove_password
from accounts.models import (
    EMAIL_MAX_LENGTH,
    LIMITED_SCOPES,
    ApiKey,
    Scope,
    Session,
    User,
    check_email,
    normalise_email,
)
from promptcrafter.fields import IdField, TextField
from promptcrafter.labels import MalformedLabel, check_name

# A bound on what is hashed; no person's pass phrase comes near.
PASSWORD_MAX_LENGTH = 4_096
PASSWORD_MIN_LENGTH = 10  # settings.AUTH_PASSWORD_VALIDATORS say so to the pages, too
KEY_LABELS_MAX_COUNT = 10


@extend_schema_field({"type": "string", "format": "email", "pattern": r"^(?!.*=\?)"})
class EmailField(TextField):
    default_error_messages = {"email": "Send an e-mail address, like ada@example.com."}

    def __init__(self, **kwargs):
        super().__init__(max_length=EMAIL_MAX_LENGTH, **kwargs)

    def to_internal_value(self, data):
        email = normalise_email(super().to_internal_value(data))
        try:
            check_email(email)
        except DjangoValidationError:
            self.fail("email")
        return email


class PasswordField(TextField):
    def __init__(self, **kwargs):
        super().__init__(max_length=PASSWORD_MAX_LENGTH, write_only=True, **kwargs)


class FlagField(serializers.BooleanField):
    """A JSON boolean, and nothing like it."""

    def to_internal_value(self, data):
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class NothingElse(serializers.Serializer):
    """Refuses fields that it does not know: a limit that is misspelt would be no limit."""

    def to_internal_value(self, data):
        known = ", ".join(f"`{name}`" for name in self.fields)
        sentence = f"There is no such field here; there is {known}."
        if unknown := dict.fromkeys(set(data) - set(self.fields), sentence):
            raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


def check_strength(field, password, person):
    """Raises ValidationError with what makes it weak."""
    try:
        password_validation.validate_password(password, person)
    except DjangoValidationError as error:
        raise serializers.ValidationError({field: error.messages}) from error


def require_password(request, field, password):
    """Raises ValidationError unless it is the caller's own.

    Gives a check for the verb that it is asked for: by the time the row is locked, somebody may
    have set another one.
    """
    wrong = serializers.ValidationError({field: "This is not your password."})
    proven = prove_password(request, request.user, password)
    if proven is None:
        raise wrong

    def check(locked):
        if locked.password != proven:
            raise wrong

    return check


class SignupSerializer(serializers.ModelSerializer):
    name = TextField(max_length=100)
    email = EmailField()
    password = PasswordField(min_length=PASSWORD_MIN_LENGTH)

    class Meta:
        model = User
        fields = ["name", "email", "password"]

    def validate(self, attrs):
        person = User(name=attrs["name"], email=attrs["email"])
        check_strength("password", attrs["password"], person)
        return attrs

    def create(self, validated_data):
        return User.objects.create_user(**validated_data)


class LoginSerializer(serializers.Serializer):
    email = TextField(max_length=EMAIL_MAX_LENGTH)
    password = PasswordField()


class RefreshSerializer(serializers.Serializer):
    refresh = TextField()


class TokensSerializer(serializers.Serializer):
    token = serializers.CharField()
    refresh = serializers.CharField()
    expiresIn = serializers.IntegerField(min_value=1, help_text="Seconds, of `token`.")


class WelcomeSerializer(TokensSerializer):
    message = serializers.CharField()


class MessageSerializer(serializers.Serializer):
    message = serializers.CharField()


class MeSerializer(NothingElse, serializers.ModelSerializer):
    _id = IdField(User.KIND, source="pk", read_only=True)
    name = TextField(max_length=100)
    email = EmailField()
    currentPassword = PasswordField(required=False)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta:
        model = User
        fields = ["_id", "name", "email", "currentPassword", "createdAt"]

    def validate(self, attrs):
        if attrs.get("email") == self.context["request"].user.email:
            del attrs["email"]
        if "email" in attrs and "currentPassword" not in attrs:
            sentence = "Send your current password too, to change the e-mail."
            raise serializers.ValidationError({"currentPassword": sentence})
        return attrs

    def update(self, user, validated_data):
        user.edit(**validated_data)
        return user

    def to_representation(self, user):
        return {
            "_id": user.wire_id,
            "name": user.name,
            "email": user.email,
            "createdAt": user.created_at,
        }


class NewPasswordSerializer(serializers.Serializer):
    currentPassword = PasswordField()
    newPassword = PasswordField(min_length=PASSWORD_MIN_LENGTH)
    revokeKeys = FlagField(default=False)

    def validate(self, attrs):
        check_strength("newPassword", attrs["newPassword"], self.context["request"].user)
        return attrs


class OwnPasswordSerializer(serializers.Serializer):
    password = PasswordField()


class ResetSerializer(serializers.Serializer):
    email = EmailField()


class SessionSerializer(serializers.ModelSerializer):
    _id = IdField(Session.KIND, source="pk", read_only=True)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)
    expiresAt = serializers.DateTimeField(source="expires_at", read_only=True)
    isCurrent = serializers.BooleanField(read_only=True)

    class Meta:
        model = Session
        fields = ["_id", "device", "createdAt", "expiresAt", "isCurrent"]

    def to_representation(self, session):
        return {
            "_id": session.wire_id,
            "device": session.device,
            "createdAt": session.created_at,
            "expiresAt": session.expires_at,
            "isCurrent": session == self.context["request"].auth,
        }


class WordsField(serializers.ListField):
    """A list of strings, each once, in the order that was sent."""

    default_error_messages = {
        "required": "This is required.",
        "null": "Send a list of strings, not null.",
        "not_a_list": "Send a list of strings.",
        "empty": "Name one at least.",
        "max_length": "Name at most {max_length}.",
    }

    def __init__(self, *, max_length, **kwargs):
        super().__init__(max_length=max_length, **kwargs)
        self.most = max_length

    def to_internal_value(self, data):
        if isinstance(data, list) and len(data) > self.most:  # before each is looked at
            self.fail("max_length", max_length=self.most)
        return list(dict.fromkeys(super().to_internal_value(data)))


class ScopeField(TextField):
    SCOPES = Scope.values

    def to_internal_value(self, data):
        if data not in Scope.values:
            known = ", ".join(Scope.values)
            raise serializers.ValidationError(f"There is no such scope; there are {known}.")
        return super().to_internal_value(data)


class LabelField(TextField):
    def to_internal_value(self, data):
        try:
            return check_name(super().to_internal_value(data))
        except MalformedLabel as error:
            raise serializers.ValidationError(str(error)) from error


class FutureField(serializers.DateTimeField):
    default_error_messages = {
        "invalid": "Send a time to come, like 2031-01-31T09:00:00Z.",
        "overflow": "Send a time to come, like 2031-01-31T09:00:00Z.",
    }

    def to_internal_value(self, data):
        moment = super().to_internal_value(data)
        if moment <= timezone.now():
            self.fail("invalid", format="")
        return moment


class ApiKeySerializer(NothingElse, serializers.ModelSerializer):
    name = TextField(max_length=100)
    scopes = WordsField(child=ScopeField(), allow_empty=False, max_length=len(Scope))
    labels = WordsField(
        child=LabelField(),
        required=False,
        allow_null=True,
        allow_empty=False,
        max_length=KEY_LABELS_MAX_COUNT,
    )
    expiresAt = FutureField(source="expires_at", required=False, allow_null=True)
    _id = IdField(ApiKey.KIND, source="pk", read_only=True)
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)
    lastUsedAt = serializers.DateTimeField(source="last_used_at", read_only=True, allow_null=True)

    class Meta:
        model = ApiKey
        fields = [
            "_id",
            "name",
            "prefix",
            "scopes",
            "labels",
            "createdAt",
            "lastUsedAt",
            "expiresAt",
        ]

    def validate(self, attrs):
        attrs["labels"] = attrs.get("labels") or []
        too_much = [scope for scope in attrs["scopes"] if scope not in LIMITED_SCOPES]
        if attrs["labels"] and too_much:
            sentence = f"A key that is limited to labels can't have {', '.join(too_much)}."
            raise serializers.ValidationError({"scopes": sentence})
        return attrs

    def to_representation(self, key):
        return {
            "_id": key.wire_id,
            "name": key.name,
            "prefix": key.prefix,
            "scopes": key.scopes,
            "labels": key.labels or None,
            "createdAt": key.created_at,
            "lastUsedAt": key.last_used_at,
            "expiresAt": key.expires_at,
        }


class NewKeySerializer(ApiKeySerializer):
    """The only answer that shows the key itself."""

    key = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]
