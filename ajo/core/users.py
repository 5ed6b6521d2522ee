"""Who works in a sandbox, in which role. An administrator reaches no further than the own sandbox."""

from django.db import IntegrityError, transaction

from ajo.core import audit, errors
from ajo.core.models import RoleAssignment, User
from ajo.core.permissions import ROLES, Access


@transaction.atomic
def add(access: Access, username: str, role: str, *, email: str = "", password: str | None = None) -> User:
    """Give somebody a role in the sandbox; an account is made when there is none of that name."""
    refuse_unknown_role(role)
    user = User.objects.filter(username=username).first()
    if user is None:
        if not password:
            raise errors.BadInput("A new account needs a password.", field="password")
        user = User.objects.create_user(username, email=email, password=password)
        audit.record("user.created", user, actor=access.actor, sandbox=access.sandbox)
    try:
        with transaction.atomic():
            RoleAssignment.objects.create(user=user, sandbox=access.sandbox, role=role)
    except IntegrityError as error:
        raise errors.AlreadyThere(
            f"{username} works in this sandbox already. Change the role instead."
        ) from error
    changes = {"role": [None, role]}
    audit.record("user.role_given", user, actor=access.actor, sandbox=access.sandbox, changes=changes)
    return user


@transaction.atomic
def set_role(access: Access, assignment: RoleAssignment, role: str) -> None:
    """Change somebody's role in the sandbox."""
    refuse_unknown_role(role)
    refuse_oneself(access, assignment.user)
    before = assignment.role
    if before == role:
        return
    RoleAssignment.objects.filter(pk=assignment.pk).update(role=role)
    changes = {"role": [before, role]}
    audit.record(
        "user.role_changed", assignment.user, actor=access.actor, sandbox=access.sandbox, changes=changes
    )


@transaction.atomic
def remove(access: Access, assignment: RoleAssignment) -> None:
    """Take somebody out of the sandbox; the account and its roles elsewhere stay."""
    refuse_oneself(access, assignment.user)
    changes = {"role": [assignment.role, None]}
    audit.record(
        "user.role_taken", assignment.user, actor=access.actor, sandbox=access.sandbox, changes=changes
    )
    assignment.delete()


@transaction.atomic
def set_active(access: Access, user: User, is_active: bool) -> None:
    """Close or open an account. Only for accounts that work nowhere else, unless one may do everything."""
    refuse_oneself(access, user)
    is_super = bool(access.user and access.user.is_superuser)
    elsewhere = user.role_assignments.exclude(sandbox=access.sandbox).exists()
    if not is_super and (elsewhere or user.is_superuser):
        raise errors.NotAllowed(
            "This account also works elsewhere. Take the person out of this sandbox, or ask a superuser."
        )
    if User.objects.filter(pk=user.pk, is_active=not is_active).update(is_active=is_active):
        action = "user.activated" if is_active else "user.deactivated"
        audit.record(action, user, actor=access.actor, sandbox=access.sandbox)


def refuse_unknown_role(role: str) -> None:
    if role not in ROLES:
        raise errors.BadInput(f"There is no role {role!r}. Choose one of {', '.join(ROLES)}.", field="role")


def refuse_oneself(access: Access, user: User) -> None:
    if access.user is not None and access.user.pk == user.pk:
        raise errors.NotAllowed("Nobody changes the own access. Ask another administrator.")
