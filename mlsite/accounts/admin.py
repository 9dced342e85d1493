"""Django admin of tokens and failed logins."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from mlsite.accounts.tokens import give_secret
from mlsite.models import SignInFailures, Token


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Admin of tokens: a new token is shown once; deleting a token revokes it.

    A token has all rights of its user. Only superusers can create or see tokens of other users.
    """

    list_display = ["name", "user", "prefix", "created_at", "expires_at", "last_used_at"]
    list_filter = ["expires_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username", "prefix"]
    empty_value_display = "never"
    fields = ["user", "name", "expires_at"]

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> Any:
        """Return the fields of the form, with the history of an existing token."""
        history = ["prefix", "created_at", "last_used_at"] if obj else []
        return [*super().get_fields(request, obj), *history]

    def get_readonly_fields(self, request: HttpRequest, obj: Token | None = None) -> Any:  # noqa: ARG002 - Django's
        """Return the fields of an existing token that cannot be changed."""
        return ["user", "prefix", "created_at", "last_used_at"] if obj else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        """Return the tokens that the user may see."""
        tokens: QuerySet[Token] = super().get_queryset(request)
        user = request.user
        return tokens if user.is_superuser else tokens.filter(user__username=user.get_username())

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        """Offer only users that the current user may create a token for."""
        kwargs["initial"] = request.user.pk
        if not request.user.is_superuser:
            kwargs["queryset"] = User.objects.filter(username=request.user.get_username())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(
        self,
        request: HttpRequest,
        obj: Token,
        form: ModelForm,  # type: ignore[type-arg]  # no generic at run time
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Save the token; a new token gets its secret."""
        if not change:
            give_secret(obj)
        super().save_model(request, obj, form, change)

    def response_add(
        self,
        request: HttpRequest,
        obj: Token,
        post_url_continue: str | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """Show the secret on the page; a message would store it in the session."""
        context = self.admin_site.each_context(request) | {
            "title": "The new token",
            "opts": self.opts,
            "token": obj,
        }
        return TemplateResponse(request, "admin/mlsite/token/made.html", context)


@admin.register(SignInFailures)
class SignInFailuresAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Admin of recent failed logins; deleting a row lets the user or address try again."""

    list_display = ["subject", "failures", "until"]
    search_fields = ["subject"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Return False: only the login throttle writes the rows."""
        return False

    has_change_permission = has_add_permission
