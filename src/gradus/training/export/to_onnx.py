"""A network in the Open Neural Network Exchange format, written node by node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradus.errors import MissingExtra
from gradus.exact.networks.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D, parameter_names
from gradus.training.export import channels_first
from gradus.training.model import weights_of
from gradus.training.weights_file import TrainedNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET, IR_VERSION = 17, 8


def content(trained: TrainedNetwork) -> bytes:
    """The file's content.

    Raises:
        MissingExtra: onnx is not installed.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtra("exporting to ONNX", "export") from error
    from onnx import TensorProto, helper

    graph = _Graph()
    graph.layers(trained)
    shape: list[str | int | None] = ["count", *channels_first(trained.architecture)]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)
    found = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["count", len(trained.classes)])
    made = helper.make_graph(graph.nodes, f"gradus_{trained.run}", [images], [found], graph.constants)
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="gradus"
    )
    helper.set_model_props(model, {"classes": json.dumps(trained.classes), "run": trained.run})
    onnx.checker.check_model(model, full_check=True)
    written: bytes = model.SerializeToString()
    return written


class _Graph:
    """The nodes of a network, one after the other, and the tensors that they need."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.last = "images"

    def layers(self, trained: TrainedNetwork) -> None:
        architecture, weights = trained.architecture, weights_of(trained.network)
        is_image = len(architecture.input_shape) == 3
        views = trained.network.mirrored_views
        if views:
            self._mirror_images_behind()
        for layer, name in zip(architecture.layers, parameter_names(architecture), strict=True):
            own = [weights[part] for part in (f"{name}.gains", f"{name}.bias") if part in weights]
            match layer:
                case Conv2D():
                    own[0] = own[0].transpose(3, 2, 0, 1)
                    rows, columns = (size - 1 for size in layer.kernel)
                    pads = [rows // 2, columns // 2, rows - rows // 2, columns - columns // 2]
                    self._node("Conv", name, *own, pads=pads if layer.padding == "same" else [0] * 4)
                    self._activation(layer.activation)
                case Dense():
                    self._node("Gemm", name, *own)
                    if views and layer.activation == "softmax":
                        self._mean_of_halves()
                    self._activation(layer.activation)
                case MaxPool2D():
                    self._node("MaxPool", "", kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)
                case Flatten():
                    if is_image:  # Keras' order: height, width, channel
                        self._node("Transpose", "", perm=[0, 2, 3, 1])
                    self._node("Flatten", "", axis=1)
                    is_image = False
                case Dropout():
                    pass
        self.nodes[-1].output[0] = "probabilities"

    def _mirror_images_behind(self) -> None:
        """Add the mirror images to the batch, so that it is twice as long."""
        import numpy as np

        backwards = {"starts": [-1], "ends": [np.iinfo(np.int64).min], "axes": [3], "steps": [-1]}
        images = self.last
        self._with_constants(
            "Slice", {f"mirror.{name}": np.array(value, dtype=np.int64) for name, value in backwards.items()}
        )
        self._append("Concat", [images, self.last], axis=0)

    def _mean_of_halves(self) -> None:
        halves = ["halves.images", "halves.mirrored"]
        self._append("Split", [self.last], halves, axis=0)
        self._append("Mean", halves)

    def _activation(self, activation: str) -> None:
        if activation == "relu":
            self._node("Relu", "")
        elif activation == "softmax":
            self._node("Softmax", "", axis=1)

    def _node(self, kind: str, name: str, *tensors: NDArray[Any], **attributes: Any) -> None:
        names = [f"{name}.{part}" for part in ("gains", "bias")[: len(tensors)]]
        self._with_constants(kind, dict(zip(names, tensors, strict=True)), **attributes)

    def _with_constants(self, kind: str, tensors: Mapping[str, NDArray[Any]], **attributes: Any) -> None:
        """A node of what came last, and of constants by their names."""
        import numpy as np
        from onnx import numpy_helper

        self.constants += [numpy_helper.from_array(np.ascontiguousarray(t), name) for name, t in tensors.items()]
        self._append(kind, [self.last, *tensors], **attributes)

    def _append(self, kind: str, inputs: list[str], outputs: list[str] | None = None, **attributes: Any) -> None:
        from onnx import helper

        outputs = outputs or [f"values{len(self.nodes)}"]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        self.last = outputs[0]
