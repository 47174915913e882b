"""The peer: FastAPI + PyTorch serving a small network on POST /predict with {"input": 28x28 numbers}.

usage: fastapi_peer.py --port 8001 [--workers 2] [--threads 1] [--network cnn|mlp|wide] [--trivial]

--trivial answers without a network, to compare what the two servers cost by themselves. Weights are random: the time does not depend on them.
"""

import argparse
import os
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=8001)
parser.add_argument("--workers", type=int, default=1)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--network", default="cnn", choices=["cnn", "mlp", "wide"])
parser.add_argument("--trivial", action="store_true")

if __name__ == "__main__":
    import uvicorn

    arguments = parser.parse_args()
    # Workers are processes of their own that read their settings from the environment.
    os.environ["PEER_TRIVIAL"] = "1" if arguments.trivial else ""
    os.environ["PEER_NETWORK"] = arguments.network
    os.environ["PEER_THREADS"] = str(arguments.threads)
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    uvicorn.run("fastapi_peer:app", host="127.0.0.1", port=arguments.port, workers=arguments.workers, log_level="warning", access_log=False)
else:
    import torch
    from fastapi import FastAPI
    from pydantic import BaseModel

    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from engine import network as make_network

    torch.set_num_threads(int(os.environ.get("PEER_THREADS", "1")))
    torch.manual_seed(0)
    labels = [f"class {index}" for index in range(10)]
    hidden = {"mlp": [128], "wide": [2048, 2048]}.get(os.environ.get("PEER_NETWORK", "cnn"))
    if hidden:
        sizes = list(zip([784] + hidden, hidden))
        layers = [layer for a, b in sizes for layer in (torch.nn.Linear(a, b), torch.nn.ReLU())]
        network = torch.nn.Sequential(torch.nn.Flatten(), *layers, torch.nn.Linear(hidden[-1], 10)).eval()
    else:
        network = make_network().eval()
    app = FastAPI()

    class Item(BaseModel):
        input: list[list[float]]

    def answer(probabilities: list[float]) -> dict:
        best = max(range(10), key=probabilities.__getitem__)
        return {
            "prediction": best,
            "label": labels[best],
            "probabilities": dict(zip(labels, probabilities)),
            "model": "cnn",
            "version": "1",
        }

    if os.environ.get("PEER_TRIVIAL"):

        @app.post("/predict")
        async def predict(item: Item):
            return answer([0.0913] * 9 + [0.1783])

    else:

        # A coroutine, not a plain function: without the hop to a thread pool the peer is at its fastest.
        @app.post("/predict")
        async def predict(item: Item):
            with torch.inference_mode():
                image = torch.tensor(item.input).reshape(1, 1, 28, 28)
                return answer(network(image).softmax(1)[0].tolist())
