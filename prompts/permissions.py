from rest_framework.permissions import BasePermission


class IsOwner(BasePermission):
    message = "This belongs to somebody else."
    code = "not_owner"

    def has_object_permission(self, request, view, obj):
        return obj.owner_id == request.user.pk
