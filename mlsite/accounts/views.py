"""The page of a user's own account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponse
from django.urls import reverse_lazy


class Account(PasswordChangeView):
    """Change of the user's own password, with links to the tokens in the admin."""

    template_name = "mlsite/account.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the password. Other sessions of the user end."""
        messages.success(self.request, "The password is changed. Other sessions are signed out.")
        return super().form_valid(form)
