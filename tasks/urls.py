"""URLs of the task list."""

from rest_framework.routers import Route, SimpleRouter

from tasks.views import TaskViewSet


class TaskRouter(SimpleRouter):
    """DRF's routes, with DELETE on the list."""

    routes = [
        Route(
            url=r"^{prefix}{trailing_slash}$",
            mapping={"get": "list", "post": "create", "delete": "clear"},
            name="{basename}-list",
            detail=False,
            initkwargs={"suffix": "List"},
        ),
        *SimpleRouter.routes[1:],
    ]


router = TaskRouter()
router.trailing_slash = "/?"
router.register("tasks", TaskViewSet, basename="task")

urlpatterns = router.urls
