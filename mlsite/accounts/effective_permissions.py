"""What decides the permissions of users, read for many of them at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from django.contrib.auth.models import User

Rights = frozenset[object]


def rights_of(users: Collection[int]) -> Mapping[int, Rights]:
    """Return what each of the users is allowed, directly or through a group, by primary keys.

    Two values differ where the user's permissions do.
    """
    rights: dict[int, set[object]] = defaultdict(set)
    own = User.user_permissions.through.objects.filter(user_id__in=users)
    for user, permission in own.values_list("user_id", "permission_id"):
        rights[user].add(permission)
    groups = User.groups.through.objects.filter(user_id__in=users)
    for user, group, permission in groups.values_list("user_id", "group_id", "group__permissions"):
        rights[user].add((group, permission))
    return {user: frozenset(rights[user]) for user in users}
