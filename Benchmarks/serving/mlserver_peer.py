"""The peer: MLServer serving the same networks over the Open Inference Protocol.

usage: mlserver_peer.py --port 8003 --network mlp   (in an environment with mlserver, torch and numpy)
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import torch
from torch import nn

try:
    from mlserver import MLModel
    from mlserver.codecs import NumpyCodec
    from mlserver.types import InferenceResponse
except ImportError as error:
    sys.exit(f"mlserver is missing: {error}")


def network(name):
    if name == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    if name == "wide":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 10))
    layers = []
    for inputs, outputs in ((1, 32), (32, 64)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 49, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10))


class Network(MLModel):
    async def load(self):
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.network = network(os.environ.get("PEER_NETWORK", "mlp")).eval()
        return True

    async def predict(self, payload):
        with torch.inference_mode():
            image = torch.from_numpy(NumpyCodec.decode_input(payload.inputs[0]))
            answer = self.network(image).softmax(1).numpy()
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("probabilities", answer)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8003)
    parser.add_argument("--network", default="mlp")
    arguments = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as folder:
        # Inference in the server's own process: without the hop to a pool the peer is at its fastest.
        settings = {"host": "127.0.0.1", "http_port": arguments.port, "grpc_port": arguments.port + 1000, "metrics_port": arguments.port + 2000,
                    "parallel_workers": 0, "debug": False}
        with open(os.path.join(folder, "settings.json"), "w") as file:
            json.dump(settings, file)
        with open(os.path.join(folder, "model-settings.json"), "w") as file:
            json.dump({"name": "bench", "implementation": "mlserver_peer.Network"}, file)
        environment = {**os.environ, "PEER_NETWORK": arguments.network, "PYTHONPATH": here, "OMP_NUM_THREADS": "1"}
        sys.exit(subprocess.call([os.path.join(os.path.dirname(sys.executable), "mlserver"), "start", folder], env=environment))
