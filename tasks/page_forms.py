"""Forms of the pages of tasks: their values, and the page that follows them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework import status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.utils.html import is_html_input
from rest_framework.viewsets import ModelViewSet

from tasks.form_values import restore
from tasks.models import Task

# Field of a form: the page that follows a successful change.
NEXT = "_next"


class PageForms(ModelViewSet[Task]):
    """Base of the view of tasks. Programs that send forms get JSON and are not affected."""

    task: Task | None = None  # the task in the URL
    next_page: str = ""  # the page that the form names

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Check the request; also parse the body of a page's change, before anything is changed."""
        super().initial(request, *args, **kwargs)
        is_change = request.method in self.allowed_methods and request.method not in SAFE_METHODS
        if is_change and not self.responds_json() and is_html_input(request.data):
            self.next_page = request.data.get(NEXT, "")

    def responds_json(self) -> bool:
        """Return whether the response is JSON and not a page."""
        return self.request.accepted_renderer.format == "json"

    def get_values(self) -> Any:
        """Return the body; of a page's form, with the values that a browser cannot show."""
        data = self.request.data
        is_page_form = is_html_input(data) and not self.responds_json()
        return restore(data, self.task) if is_page_form else data

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the response; after a change by a page's form, lead to the page that it names."""
        response = super().finalize_response(request, response, *args, **kwargs)
        is_allowed = url_has_allowed_host_and_scheme(self.next_page, allowed_hosts=None)
        if not is_allowed or not status.is_success(response.status_code):
            return response
        messages.success(request, self.describe_change(response))
        fragment = f"#task-{self.task.pk}" if request.method == "PATCH" and self.task else ""
        return HttpResponseRedirect(self.next_page + fragment, status=status.HTTP_303_SEE_OTHER)

    def describe_change(self, response: Response) -> str:
        """Return a sentence about a successful change."""
        data = response.data
        match self.action:
            case "clear":
                return f"Deleted {data['deleted']:,} task{pluralize(data['deleted'])}."
            case "create":
                return format_html('Added <a href="{}">{}</a>.', data["url"], data["title"])
            case "destroy":
                return f"Deleted {self.task.title if self.task else ''}."
            case "update":
                return "Saved."
        # A filtered list may no longer show the task, so the sentence has a link.
        state = "done" if data["done"] else "open again"
        return format_html('<a href="{}">{}</a> is {}.', data["url"], data["title"], state)
