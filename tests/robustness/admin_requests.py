"""Requests of signed-in users to the admin, drawn at random: lists, actions and forms."""

from urllib.parse import quote, urlencode

from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import ForeignKey

from tasks.models import Task
from tests.robustness.generated_requests import TEXTS, Generator

LOOKUPS = (
    *("", "exact", "iexact", "in", "isnull", "gt", "gte", "lt", "lte", "range", "regex"),
    *("contains", "icontains", "startswith", "year", "iso_year", "month", "day", "week_day"),
    *("date", "time", "hour", "year__gte", "date__lt", "time__gt", "has_key", "contained_by"),
    *("a__b", "0", "nope"),
)
VALUES = (
    *TEXTS,
    *("99999999999", "10000", "9999-12-31", "9999-12-31T23:59:59-14:00", "24:00", "23:59:60"),
    *("0001-01-01T00:00:00+14:00", "0001-01-01 00:00", "(", "[a", "\\", "%", "_", "'", '"'),
    *("1,2", "1,x," + "9" * 30, "," * 3000, "True", "a " * 1500, '"a ' * 1500, "a" * 60_000),
)
CONTROLS = {
    "q": VALUES,
    "p": ("1", "2", "3", *VALUES),
    "o": ("1", "-2.1", "1.1.1.1", "--1", "-", ".", "99", "-99", *VALUES),
    "e": ("1",),
    "all": ("", "1"),
    "_facets": ("", "True"),
    "_popup": ("1", "x"),
    "_to_field": ("id", "name", "pk", "username", *VALUES),
}
ACTIONS = ("delete_selected", "mark_done", "mark_not_done", "nope", "", "x" * 5000, "\x00")
BUTTONS = ("_save", "_continue", "_addanother", "_saveasnew", "_popup")
MANY = ("groups", "permissions", "user_permissions")
# Fields that a form accepts.
GOOD = {
    "tasks.task": {"title": "a", "priority": "2", "due_at_0": "2030-01-01", "due_at_1": "12:00"},
    "auth.user": {
        "username": "eva",
        "usable_password": "false",
        "is_active": "on",
        "date_joined_0": "2030-01-01",
        "date_joined_1": "0:0",
    },
    "auth.group": {"name": "readers"},
    "mlsite.token": {"user": "1", "name": "laptop", "expires_at_0": "", "expires_at_1": ""},
    "predictor.registeredmodel": {"description": "a"},
}


class AdminGenerator(Generator):
    """Draws requests to the lists and forms of the admin."""

    def lookup(self, model):
        field = self.one(model._meta.fields)
        name = field.name
        if isinstance(field, ForeignKey):
            name += "__" + self.one(field.related_model._meta.fields).name
        return "__".join(filter(None, (name, self.one(LOOKUPS)))), self.one(VALUES)

    def filter(self, model):
        """A lookup, or a parameter that a link of the list has."""
        expected = [
            name for name in admin.site._registry[model].list_filter if isinstance(name, str)
        ]
        if expected and self.often(0.3):
            lookup = self.one(("exact", "isnull", "id__exact", "gte", "lt"))
            return f"{self.one(expected)}__{lookup}", self.one(VALUES)
        if self.often(0.2):
            return self.one(("due", "model__id__exact")), self.one(VALUES)
        return self.lookup(model)

    def query(self, model):
        pairs = [self.filter(model) for _ in range(self.random.randrange(3))]
        names = self.random.sample([*CONTROLS], self.random.randrange(3))
        pairs += [(name, self.one(CONTROLS[name])) for name in names]
        if self.often(0.2):
            pairs.append(("_changelist_filters", self.one((encoded(pairs), *VALUES))))
        return pairs

    def key(self, model):
        """The key of a row, or an odd one."""
        keys = list(model.objects.values_list("pk", flat=True)[:3])
        return str(self.one(keys)) if keys and self.often(0.7) else self.one(VALUES)

    def keys(self, model):
        return [self.key(model) for _ in range(self.random.randrange(4))]

    def action(self, model):
        pairs = [("_selected_action", key) for key in self.keys(model)]
        for name, probability in (("index", 0.7), ("select_across", 0.3), ("post", 0.5)):
            if self.often(probability):
                pairs.append((name, self.one(("0", "0", "1", "yes", self.one(VALUES)))))
        return [("action", self.one(ACTIONS)), *pairs]

    def formset(self, model):
        """The ticked list, with odd keys and numbers of rows."""
        keys = self.keys(model)
        sizes = ("form-TOTAL_FORMS", "form-INITIAL_FORMS")
        pairs = [(name, str(len(keys)) if self.often(0.8) else self.one(VALUES)) for name in sizes]
        for number, key in enumerate(keys):
            name = self.one(("done", "initial-done", self.one(model._meta.fields).name))
            pairs += [(f"form-{number}-id", key), (f"form-{number}-{name}", self.one(VALUES))]
        return [*pairs, ("_save", "Save")]

    def form(self, model):
        """A form that is accepted, and changed in part."""
        fields = dict(GOOD.get(model._meta.label_lower, {}))
        for _ in range(self.random.randrange(4)):
            field = self.one([*fields, *(f.name for f in model._meta.get_fields())])
            fields[field + self.one(("", "", "_0", "_1"))] = self.one(VALUES)
        many = [(name, key) for name in MANY for key in self.keys(Permission)]
        return [*fields.items(), *(many if self.often(0.3) else ()), (self.one(BUTTONS), "1")]

    def request(self):
        """Client, method, path, body, media type and other arguments of `Client.generic`."""
        kind = self.one(("list", "list", "action", "formset", "form", "form", "page"))
        model = Task if kind == "formset" else self.one([*admin.site._registry])
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        row = quote(self.key(model) or "x", safe="", errors="surrogatepass")
        query = self.query(model) if kind == "list" or self.often(0.3) else []
        fields = []
        if kind == "action":
            fields = self.action(model)
        elif kind == "formset":
            fields = self.formset(model)
        elif kind == "form":
            fields = self.form(model)
            path += self.one(("add/", f"{row}/change/", f"{row}/change/", f"{row}/password/"))
        elif kind == "page":
            fields = self.one(([], [("post", "yes")]))
            path += f"{row}/{self.one(('change', 'delete', 'history'))}/"
        who = self.one(("admin", "admin", "staff"))
        arguments = {"HTTP_ACCEPT": "text/html", "QUERY_STRING": encoded(query)}
        if not fields:
            return who, "GET", path, b"", "", arguments
        body, media_type = encoded(fields).encode(), "application/x-www-form-urlencoded"
        return who, "POST", path, body, media_type, arguments


def encoded(pairs):
    return urlencode(pairs, errors="surrogatepass")
