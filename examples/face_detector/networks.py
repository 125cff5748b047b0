"""The two networks of the face detector, their losses and their ONNX files.

Depthwise-separable convolutions (Howard et al. 2017, arXiv 1704.04861) with residual connections. The files
hold Conv, Relu, Add, Resize and Cast alone, with the batch normalization folded into the convolutions and
weights of 16 bits: what the dnn module of OpenCV has had for years.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cyclegan_glasses.faces.landmark_crops import CROP


class Convolution(nn.Module):
    """A convolution, batch normalization and, unless it is `linear`, ReLU; `groups` as in `nn.Conv2d`."""

    def __init__(
        self, source: int, target: int, kernel: int = 3, stride: int = 1, groups: int = 1, linear=False
    ):
        super().__init__()
        self.convolution = nn.Conv2d(source, target, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.normalization = nn.BatchNorm2d(target)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        x = self.normalization(self.convolution(x))
        return x if self.linear else torch.relu(x)

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight and bias of the one convolution that does the same in evaluation."""
        norm = self.normalization
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight = self.convolution.weight * factor[:, None, None, None]
        return weight.detach().numpy(), (norm.bias - norm.running_mean * factor).detach().numpy()


class Separable(nn.Module):
    """A depthwise and a pointwise convolution; what comes in is added where it fits."""

    def __init__(self, source: int, target: int, stride: int = 1):
        super().__init__()
        self.depthwise = Convolution(source, source, 3, stride, groups=source)
        self.residual = source == target and stride == 1
        self.pointwise = Convolution(source, target, 1, linear=self.residual)

    def forward(self, x: Tensor) -> Tensor:
        y = self.pointwise(self.depthwise(x))
        return torch.relu(x + y) if self.residual else y


class Finder(nn.Module):
    """(n, 3, h, w) in 0 to 1 to (n, 15, h/8, w/8): logit of a face, its box and its landmarks."""

    def __init__(self, width: int = 64, blocks: int = 6):
        super().__init__()
        half = width // 2
        self.body = nn.Sequential(
            Convolution(3, 16, 3, 2),
            Separable(16, half, 2),
            Separable(half, half),
            Separable(half, width, 2),
            *(Separable(width, width) for _ in range(blocks)),
        )
        self.head = nn.Conv2d(width, 15, 1)
        nn.init.constant_(self.head.bias[:1], -4.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


class LandmarkNetwork(nn.Module):
    """(n, 3, 64, 64) to heat maps (n, 5, 16, 16), logits, and the logit of a face (n, 1, 1, 1).

    One that does not tell faces from other things has no second output.
    """

    def __init__(self, tells_faces: bool = True):
        super().__init__()
        self.quarter = nn.Sequential(
            Convolution(3, 16, 3, 2),
            Separable(16, 32, 2),
            Separable(32, 32),
            Separable(32, 48),
            Separable(48, 48),
        )
        self.eighth = nn.Sequential(Separable(48, 96, 2), Separable(96, 96), Separable(96, 96))
        self.sixteenth = nn.Sequential(Separable(96, 128, 2), Separable(128, 128), Separable(128, 128))
        self.face = None
        if tells_faces:
            whole = Convolution(128, 128, CROP // 16, groups=128)
            whole.convolution.padding = (0, 0)
            self.face = nn.Sequential(whole, Convolution(128, 64, 1), nn.Conv2d(64, 1, 1))
        self.sides = nn.ModuleList([Convolution(c, 64, 1, linear=True) for c in (48, 96, 128)])
        self.joints = nn.ModuleList([Separable(64, 64), Separable(64, 64)])
        self.heat = nn.Sequential(Separable(64, 64), nn.Conv2d(64, 5, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        quarter = self.quarter(x)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        top = self.joints[0](self.sides[1](eighth) + doubled(self.sides[2](sixteenth)))
        top = self.joints[1](self.sides[0](quarter) + doubled(top))
        return self.heat(top), None if self.face is None else self.face(sixteenth)


def doubled(x: Tensor) -> Tensor:
    """Twice the height and width, by repetition."""
    return nn.functional.interpolate(x, scale_factor=2, mode="nearest")


def centres_of_mass(heat: Tensor) -> Tensor:
    """Landmarks (n, 5, 2) in pixels of the crop; see `faces.landmark_crops.points_of`."""
    count, points, side, _ = heat.shape
    weight = heat.flatten(2).softmax(2).reshape(count, points, side, side)
    centres = (torch.arange(side) + 0.5) * CROP / side
    return torch.stack([weight.sum(2) @ centres, weight.sum(3) @ centres], 2)


def finder_loss(maps: Tensor, target: Tensor) -> dict[str, Tensor]:
    """Losses of the finder's maps (n, 15, h, w) beside the target's (n, 16, h, w).

    The target has a weight after its score; boxes and landmarks count where there is a face. The score's is
    the focal loss (Lin et al. 2017, arXiv 1708.02002; exponent 2).
    """
    score, weight, values = target[:, 0], target[:, 1], target[:, 2:]
    faces = score * weight
    count = faces.sum().clamp(min=1)
    probability = maps[:, 0].sigmoid()
    cross = nn.functional.binary_cross_entropy_with_logits(maps[:, 0], score, reduction="none")
    focal = (weight * (probability - score).abs().square() * cross).sum() / count
    apart = nn.functional.smooth_l1_loss(maps[:, 1:], values, reduction="none", beta=0.05) * faces[:, None]
    return {"score": focal, "box": apart[:, :4].sum() / count / 4, "points": apart[:, 4:].sum() / count / 10}


def landmark_loss(heat: Tensor, logits: Tensor | None, points: Tensor, is_face: Tensor) -> dict[str, Tensor]:
    """Losses of the landmark network; `points` (n, 5, 2) in pixels of the crop, `is_face` (n,) 0 or 1.

    Landmarks: the wing loss (Feng et al. 2018, arXiv 1711.06753, equation 5) with w 2 and epsilon 0.5 pixels.
    """
    width, bend = 2.0, 0.5
    apart = (centres_of_mass(heat) - points).abs()
    offset = width - width * np.log(1 + width / bend)
    wing = torch.where(apart < width, width * torch.log(1 + apart / bend), apart - offset)
    wing = (wing.mean((1, 2)) * is_face).sum() / is_face.sum().clamp(min=1)
    if logits is None:
        return {"points": wing}
    face = nn.functional.binary_cross_entropy_with_logits(logits.flatten(), is_face)
    return {"points": wing, "face": face}


def write_onnx(network: nn.Module, path: Path, shape: list[int | str]) -> None:
    """Write a trained network as ONNX; `shape` is the input's, with names for sizes that may change."""
    from onnx import TensorProto, checker, helper, numpy_helper, save_model

    network = network.eval().cpu()
    nodes, weights = [], []

    def constant(name: str, values: np.ndarray) -> str:
        weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def half(name: str, values: np.ndarray) -> str:
        return add("Cast", [constant(name + ".half", values.astype(np.float16))], name, to=TensorProto.FLOAT)

    def add(kind: str, inputs: list[str], name: str = "", **attributes) -> str:
        name = name or f"{kind.lower()}{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def convolve(x: str, module: nn.Conv2d, weight: np.ndarray, bias: np.ndarray, name: str = "") -> str:
        key = f"c{len(weights)}"
        inputs = [x, half(key + ".weight", weight), constant(key + ".bias", bias)]
        pads, strides = list(module.padding) * 2, list(module.stride)
        size = list(module.kernel_size)
        return add("Conv", inputs, name, kernel_shape=size, strides=strides, pads=pads, group=module.groups)

    def apply(module: nn.Module, x: str, name: str = "") -> str:
        if isinstance(module, nn.Conv2d):
            return convolve(x, module, module.weight.detach().numpy(), module.bias.detach().numpy(), name)
        if isinstance(module, Convolution):
            y = convolve(x, module.convolution, *module.folded())
            return y if module.linear else add("Relu", [y])
        if isinstance(module, Separable):
            y = apply(module.pointwise, apply(module.depthwise, x))
            return add("Relu", [add("Add", [x, y])]) if module.residual else y
        *first, last = module
        for part in first:
            x = apply(part, x)
        return apply(last, x, name)

    def twice(x: str) -> str:
        name = f"resize{len(nodes)}"
        scales = constant(name + ".scales", np.array([1, 1, 2, 2], np.float32))
        roi = constant(name + ".roi", np.array([], np.float32))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return add("Resize", [x, roi, scales], name, **how)

    outputs = _GRAPHS[type(network)](network, apply, add, twice)
    source = helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4) for name in outputs]
    graph = helper.make_graph(nodes, type(network).__name__, [source], results, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    checker.check_model(model)
    save_model(model, str(path))


def _finder_graph(network: Finder, apply: Callable, add: Callable, twice: Callable) -> list[str]:
    return [apply(network.head, apply(network.body, "picture"), "maps")]


def _landmark_graph(network: LandmarkNetwork, apply: Callable, add: Callable, twice: Callable) -> list[str]:
    quarter = apply(network.quarter, "picture")
    eighth = apply(network.eighth, quarter)
    sixteenth = apply(network.sixteenth, eighth)
    top = add("Add", [apply(network.sides[1], eighth), twice(apply(network.sides[2], sixteenth))])
    top = apply(network.joints[0], top)
    top = apply(network.joints[1], add("Add", [apply(network.sides[0], quarter), twice(top)]))
    face = [] if network.face is None else [apply(network.face, sixteenth, "face")]
    return [apply(network.heat, top, "heat"), *face]


_GRAPHS = {Finder: _finder_graph, LandmarkNetwork: _landmark_graph}
