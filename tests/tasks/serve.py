"""A server process: prints its port, then serves until its parent ends.

With an argument (`saved` or `committed`) it stops at that point of making a task, prints it, and
waits there to be killed.
"""

import sys
import threading
from multiprocessing import parent_process

import django
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application


class Server(ThreadedWSGIServer):
    request_queue_size = 100


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_args):
        pass


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def stop_here(point):
    say(point)
    threading.Event().wait()


def stop_when(point):
    from django.db import transaction
    from django.db.models.signals import post_save

    from tasks.models import Task

    def saved(**_kwargs):
        if point == "saved":
            stop_here(point)
        transaction.on_commit(lambda: stop_here(point))

    post_save.connect(saved, sender=Task, weak=False)


def main():
    django.setup(set_prefix=False)
    if len(sys.argv) > 1:
        stop_when(sys.argv[1])
    server = Server(("127.0.0.1", 0), QuietHandler)
    server.set_app(get_wsgi_application())
    say(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    parent_process().join()


if __name__ == "__main__":
    main()
