"""Connections to PostgreSQL that do not wait for ever for a server that has stopped."""

import time
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import psycopg

if TYPE_CHECKING:
    from psycopg.abc import PQGen

Result = TypeVar("Result")


class BoundedConnection(psycopg.Connection[Any]):
    """Connection that is closed if the server does not answer in time.

    The server itself bounds statements and locks while it runs. A frozen server still acknowledges
    packets, so that no limit of TCP applies.
    """

    # Bound of each wait in seconds; None while commands run. `mlsite.database` sets it.
    timeout_s: ClassVar[float | None] = None

    def wait(
        self, gen: "PQGen[Result]", interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        """Return the result of an exchange with the server.

        Raises
        ------
        psycopg.OperationalError
            The server did not answer in time, or is gone.
        """
        limit_s = self.timeout_s if timeout is None else timeout
        start = time.monotonic()
        try:
            return super().wait(gen, interval, limit_s)
        except psycopg.OperationalError:
            if limit_s is not None and time.monotonic() >= start + limit_s:
                self.close()
            raise
