from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from rest_framework import serializers

from accounts.models import EMAIL_MAX_LENGTH, User, normalise_email
from promptcrafter.fields import TextField

# A bound on what is hashed; no person's pass phrase comes near.
PASSWORD_MAX_LENGTH = 4_096


class EmailField(TextField):
    default_error_messages = {"email": "Send an e-mail address, like ada@example.com."}

    def __init__(self, **kwargs):
        super().__init__(max_length=EMAIL_MAX_LENGTH, **kwargs)

    def to_internal_value(self, data):
        email = normalise_email(super().to_internal_value(data))
        try:
            validate_email(email)
        except DjangoValidationError:
            self.fail("email")
        if not email.isascii():
            self.fail("email")
        return email


class SignupSerializer(serializers.ModelSerializer):
    name = TextField(max_length=100)
    email = EmailField()
    password = TextField(max_length=PASSWORD_MAX_LENGTH, write_only=True)

    class Meta:
        model = User
        fields = ["name", "email", "password"]

    def validate(self, attrs):
        person = User(name=attrs["name"], email=attrs["email"])
        try:
            password_validation.validate_password(attrs["password"], person)
        except DjangoValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return attrs

    def create(self, validated_data):
        return User.objects.create_user(**validated_data)


class LoginSerializer(serializers.Serializer):
    email = TextField(max_length=EMAIL_MAX_LENGTH)
    password = TextField(max_length=PASSWORD_MAX_LENGTH, write_only=True)
