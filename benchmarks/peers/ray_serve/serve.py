"""A fitted model as a Ray Serve deployment of one replica."""

import os
import signal

import joblib
import numpy as np
import ray
from ray import serve
from starlette.requests import Request


@serve.deployment(num_replicas=1, max_ongoing_requests=64)
class Classifier:
    def __init__(self, path: str) -> None:
        self.model = joblib.load(path)

    async def __call__(self, request: Request) -> dict:
        body = await request.json()
        return {"predictions": self.model.predict(np.array(body["rows"])).tolist()}


if __name__ == "__main__":
    ray.init(
        _node_ip_address="127.0.0.1",
        _temp_dir=os.environ["HOME"],
        num_cpus=1,
        include_dashboard=False,
        log_to_driver=False,
    )
    serve.start(
        http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])},
        logging_config={"enable_access_log": False},
    )
    serve.run(Classifier.bind(os.environ["MODEL"]), route_prefix="/predict")
    signal.sigwait({signal.SIGTERM})
    ray.shutdown()
