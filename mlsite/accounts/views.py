"""The page of a user's own account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy


class PasswordForm(PasswordChangeForm):
    """Change of a password. A wrong old password counts as a failed login."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        """Return the old password.

        Raises
        ------
        LockedOut
            There were too many failed attempts.
        """
        password: str = self.cleaned_data["old_password"]
        name = self.user.get_username()
        if authenticate(self.request, username=name, password=password) is None:
            raise ValidationError(self.error_messages["password_incorrect"], "password_incorrect")
        return password


class Account(PasswordChangeView):
    """Change of the user's own password, with links to the tokens in the admin."""

    form_class = PasswordForm
    template_name = "mlsite/account.html"
    success_url = reverse_lazy("account")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the form, with the request."""
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the password. Other sessions of the user end."""
        messages.success(self.request, "The password is changed. Other sessions are signed out.")
        return super().form_valid(form)
