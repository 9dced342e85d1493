"""Permissions of many users, read at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from django.contrib.auth.models import User

Rights = frozenset[object]


def rights_of(users: Collection[int]) -> Mapping[int, Rights]:
    """Return each user's permissions, direct and through groups, as primary keys.

    Two values are equal only if the user's permissions are equal.
    """
    rights: dict[int, set[object]] = defaultdict(set)
    direct = User.user_permissions.through.objects.filter(user_id__in=users)
    for user, permission in direct.values_list("user_id", "permission_id"):
        rights[user].add(permission)
    groups = User.groups.through.objects.filter(user_id__in=users)
    for user, group, permission in groups.values_list("user_id", "group_id", "group__permissions"):
        rights[user].add((group, permission))
    return {user: frozenset(rights[user]) for user in users}
