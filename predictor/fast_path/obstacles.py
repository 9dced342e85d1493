"""Parts of a site that the fast path does not know, and the system check that names them."""

from collections.abc import Callable, Collection, Iterator
from typing import Any
from weakref import ReferenceType

from django.conf import settings
from django.core import checks
from django.core.signals import got_request_exception, request_finished, request_started
from django.dispatch import Signal
from django.urls import Resolver404, resolve

from predictor.core.codec import Codec

# Middleware and API classes of Django, DRF and this app that only affect requests with a cookie,
# rejected requests, or constant headers of the response.
STANDARD_COMPONENTS = frozenset(
    {
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "predictor.api.strict_json.JSONParser",
        "predictor.api.strict_json.JSONRenderer",
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.negotiation.DefaultContentNegotiation",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.renderers.BrowsableAPIRenderer",
    }
)

SIGNALS = {
    "request_started": request_started,
    "request_finished": request_finished,
    "got_request_exception": got_request_exception,
}
# Django's own receivers. They tidy up connections, caches and URL configurations, none of which a
# prediction uses.
FRAMEWORK_RECEIVERS = frozenset(
    {
        "django.core.cache.close_caches",
        "django.core.handlers.base.reset_urlconf",
        "django.db.close_old_connections",
        "django.db.reset_queries",
    }
)

# Attributes of an APIView that hold classes.
CLASS_LISTS = (
    "authentication_classes",
    "permission_classes",
    "throttle_classes",
    "parser_classes",
    "renderer_classes",
)
CLASSES = ("content_negotiation_class", "versioning_class")

# One path for each URL pattern of predictions.
SAMPLE_PATHS = ("/predict", "/models/name/predict", "/models/name/versions/1/predict")


def codec_of(view: Callable[..., Any]) -> Codec | None:
    """Return the codec that the class of a view states itself.

    A subclass does not inherit the codec: it may override the steps of a prediction.
    """
    codec: Codec | None = vars(getattr(view, "view_class", object)).get("codec")
    return codec


def find_obstacles(view: Callable[..., Any], known_components: Collection[str]) -> list[str]:
    """Return a sentence for each part that the fast path does not know.

    Parameters
    ----------
    view : callable
        Result of `APIView.as_view`, as found in the URL configuration.
    known_components : collection of str
        See `FastPath`.
    """
    return [*_in_settings(known_components), *_in_view(view, known_components)]


def check(known_components: Collection[str]) -> list[checks.CheckMessage]:
    """Return a warning for each part of the site that switches the fast path off."""
    obstacles = dict.fromkeys(_in_settings(known_components))
    for path in SAMPLE_PATHS:
        try:
            view = resolve(path).func
        except Resolver404:
            continue
        obstacles |= dict.fromkeys(_in_view(view, known_components))
    hint = (
        "Every prediction is answered by Django, at a lower speed. If that is intended, set "
        "FAST_PATH=false. docs/fast-path.md lists the parts that the fast path knows."
    )
    return [
        checks.Warning(f"The fast path is off: {obstacle}", hint=hint, id="predictor.W003")
        for obstacle in obstacles
    ]


def _in_settings(known_components: Collection[str]) -> Iterator[str]:
    components = STANDARD_COMPONENTS.union(known_components)
    for name in settings.MIDDLEWARE:
        if name not in components:
            yield f"it does not know the middleware {name}."
    for signal_name, signal in SIGNALS.items():
        for receiver in receivers(signal):
            if (name := dotted_name(receiver)) not in FRAMEWORK_RECEIVERS:
                yield f"{name} receives the signal {signal_name}."


def _in_view(view: Any, known_components: Collection[str]) -> Iterator[str]:
    view_class: Any = getattr(view, "view_class", None)
    if view_class is None or codec_of(view) is None:
        yield f"{dotted_name(view_class or view)} states no codec."
        return
    if view.view_initkwargs or not is_plain(view):
        yield f"the view {dotted_name(view_class)} has a decorator or arguments of as_view."
    components = STANDARD_COMPONENTS.union(known_components)
    classes = [
        component for attribute in CLASS_LISTS for component in getattr(view_class, attribute)
    ]
    classes += [component for attribute in CLASSES if (component := getattr(view_class, attribute))]
    for name in dict.fromkeys(map(dotted_name, classes)):
        if name not in components:
            yield f"it does not know {name}, which {dotted_name(view_class)} uses."


def is_plain(view: Any) -> bool:
    """Return whether a view has no decorators except those that `as_view` adds itself."""
    plain = view.view_class.as_view()
    while view and plain and getattr(view, "__code__", None) is plain.__code__:
        view, plain = getattr(view, "__wrapped__", None), getattr(plain, "__wrapped__", None)
    return view is plain is None


def receivers(signal: Signal) -> Iterator[Callable[..., Any]]:
    """Yield the receivers of a signal, for any sender.

    Django documents how to connect receivers, and no way to list them: `Signal.receivers` is
    public, but described as internal. Its entries hold the receiver, or a weak reference to it, in
    second place in Django 5.2. `test_a_receiver_is_named` fails if that changes.
    """
    for entry in signal.receivers:
        receiver = entry[1]
        alive = receiver() if isinstance(receiver, ReferenceType) else receiver
        if alive is not None:
            yield alive


def dotted_name(component: Any) -> str:
    """Return module and qualified name of a class, a function, or the class of an instance."""
    named = component if hasattr(component, "__qualname__") else type(component)
    return f"{named.__module__}.{named.__qualname__}"
