"""The encoders of the Deep InfoMax release, layer by layer, under the names of the release.

Widths are output channels or units; for a bottleneck stage the inner width, a quarter of the
output's.

Two differ from the release: ``foldresnet34_32x32`` is repaired (as released its two strided stages
are repeated 0 times, that is dropped, and crops never shrink to one cell; here each stage is used
once), and ``philish_resnet_32x32_mega``, which the release defines, also has a name here. As there,
the networks called 34 have 37 layers.
"""

import dataclasses

__all__ = [
    "CONFIGURATIONS",
    "Configuration",
    "Conv",
    "Dense",
    "Flatten",
    "Fold",
    "Residual",
    "Unfold",
    "crops_along",
    "smallest_side",
]


@dataclasses.dataclass(frozen=True)
class Conv:
    """Convolution -> dropout -> batch norm -> ReLU -> 3 x 3 max pooling of stride 2."""

    width: int
    kernel: int
    stride: int = 1
    pad: int = 0
    batch_norm: bool = True
    relu: bool = True
    pool: bool = False
    dropout: float = 0.0
    # None only if no batch norm follows.
    bias: bool | None = None
    stddev: float | None = None


@dataclasses.dataclass(frozen=True)
class Dense:
    """Dense layer (on the flattened input if that is a map) -> dropout -> batch norm -> ReLU."""

    width: int
    batch_norm: bool = True
    relu: bool = True
    dropout: float = 0.0
    bias: bool | None = None
    stddev: float | None = None


@dataclasses.dataclass(frozen=True)
class Flatten:
    """Map -> vector, optionally layer-normalised."""

    layer_norm: bool = False


@dataclasses.dataclass(frozen=True)
class Unfold:
    """Image -> half-overlapping square crops, each of which becomes an example."""

    crop: int


@dataclasses.dataclass(frozen=True)
class Fold:
    """Crops' features -> a map with one cell a crop."""


@dataclasses.dataclass(frozen=True)
class Residual:
    """A stage of residual blocks: branch + shortcut -> ReLU.

    Branches: "bottleneck" is 1 x 1, 3 x 3 (with the stride), 1 x 1 of four times the width;
    "plain" is ``kernel`` x ``kernel`` without padding, then 1 x 1. With ``project`` the
    shortcut of the latter has the form of its first convolution; all others are the identity, or a
    1 x 1 convolution where the shape changes.
    """

    width: int
    kind: str = "bottleneck"
    blocks: int = 1
    kernel: int = 1
    stride: int = 1
    project: bool = False


@dataclasses.dataclass(frozen=True)
class Configuration:
    """An encoder: its layers by name, and which of them are endpoints.

    Attributes:
        size: height and width of the images for which it was released; other sizes fit too.
        layers: tuple of (name, layer).
        endpoints: "local", "conv", "fc" (where there is one), and "global" if it is not the last
            layer, each as the name of a layer.
    """

    size: int
    layers: tuple
    endpoints: dict

    def local_receptive_field(self, size):
        """Receptive field (side in pixels) of a place of the local map, for images of ``size``."""
        side, step = 1, 1
        for name, layer in self.layers:
            if isinstance(layer, Unfold):
                # Crops are independent until they are folded, and the local map is the folded map.
                return layer.crop
            for kernel, stride, _ in _windows(layer):
                side += (kernel - 1) * step
                step *= stride
            if name == self.endpoints["local"]:
                break
        return min(side, size)


def crops_along(side, crop):
    """Number of half-overlapping crops along a side of an image."""
    return (side - crop) // (crop // 2) + 1


def smallest_side(layers):
    """The smallest side of images, or of maps, for which every layer leaves at least one place.

    Args:
        layers: tuple of (name, layer).
    """
    side = 1
    while not _leave_a_map(layers, side):
        side += 1
    return side


def _leave_a_map(layers, side):
    outside = None
    for _, layer in layers:
        if isinstance(layer, Unfold):
            outside, side = crops_along(side, layer.crop), layer.crop
        elif isinstance(layer, Fold):
            side = outside
        elif isinstance(layer, (Conv, Residual)):
            for kernel, stride, pad in _windows(layer):
                side = (side + 2 * pad - kernel) // stride + 1
                if side < 1:
                    return False
        if side < 1 or (outside is not None and outside < 1):
            return False
    return True


def _windows(layer):
    """(kernel, stride, padding) of every operation of a layer with a spatial window."""
    if isinstance(layer, Conv):
        yield layer.kernel, layer.stride, layer.pad
        if layer.pool:
            yield 3, 2, 0
    if isinstance(layer, Residual):
        kernel, pad = (3, 1) if layer.kind == "bottleneck" else (layer.kernel, 0)
        yield kernel, layer.stride, pad
        for _ in range(layer.blocks - 1):
            yield kernel, 1, pad


def _named(*layers):
    """Layers with names, each kind numbered separately."""
    kinds = {Conv: "conv", Dense: "dense", Residual: "stage"}
    counts, named = {}, []
    for layer in layers:
        kind = kinds.get(type(layer))
        if kind is None:
            named.append(({Flatten: "flatten", Unfold: "crops", Fold: "fold"}[type(layer)], layer))
            continue
        counts[kind] = counts.get(kind, 0) + 1
        named.append((f"{kind}_{counts[kind]}", layer))
    return tuple(named)


def _basic(size, *widths, kernel=4, pad=1, local=None):
    convolutions = [Conv(width, kernel, stride=2, pad=pad) for width in widths]
    last = f"conv_{len(widths)}"
    local = local or f"conv_{len(widths) - 1}"
    return Configuration(
        size,
        _named(*convolutions, Flatten(), Dense(1024)),
        {"local": local, "conv": last, "fc": "dense_1"},
    )


def _alex(widths=(96, 192, 384, 384, 192), **options):
    return [
        Conv(width, 3, pad=1, pool=pool, **options)
        for width, pool in zip(widths, (True, True, False, False, True), strict=True)
    ]


def _resnet(first, third, fifth, crop=None):
    stages = [
        Conv(64, 3, stride=2, pad=1),
        Residual(64, blocks=first),
        Residual(128, stride=2),
        Residual(128, blocks=third),
        Residual(256, stride=2),
        Residual(256, blocks=fifth),
    ]
    if crop is None:
        layers = _named(*stages, Flatten(), Dense(1024))
        return Configuration(32, layers, {"local": "stage_2", "conv": "stage_5", "fc": "dense_1"})
    layers = _named(Unfold(crop), *stages, Fold(), Flatten(), Dense(1024))
    return Configuration(32, layers, {"local": "fold", "conv": "fold", "fc": "dense_1"})


def _philish(size, widths, layer_norm):
    first, *others = widths
    # Kernel and stride of every second stage, whose shortcut is a convolution like its first.
    shrinking = {32: ((4, 2), (2, 2)), 64: ((4, 2), (4, 2), (2, 2))}[size]
    shrinking = [*shrinking, (3, 1), (3, 1), (3, 1)]
    stages = []
    for position, width in enumerate(others):
        if position % 2:
            stages.append(Residual(width, "plain"))
        else:
            kernel, stride = shrinking[position // 2]
            stages.append(Residual(width, "plain", kernel=kernel, stride=stride, project=True))
    layers = _named(Conv(first, 3, batch_norm=False), *stages, Flatten(layer_norm))
    local, conv = {32: ("stage_4", "stage_6"), 64: ("stage_6", "stage_8")}[size]
    return Configuration(size, layers, {"local": local, "conv": conv})


CONFIGURATIONS = {
    "basic28x28": _basic(28, 64, 128, kernel=5, pad=2, local="conv_2"),
    "basic32x32": _basic(32, 64, 128, 256),
    "basic64x64": _basic(64, 64, 128, 256, 512),
    "alex64x64": Configuration(
        64,
        _named(*_alex(), Flatten(), Dense(4096), Dense(4096)),
        {"local": "conv_3", "conv": "conv_5", "fc": "dense_2"},
    ),
    "foldalex64x64": Configuration(
        64,
        _named(
            Unfold(16),
            *_alex(bias=True, stddev=0.02),
            Fold(),
            Conv(384, 3, stride=2, dropout=0.1),
            Dense(4096, dropout=0.1, bias=True, stddev=0.02),
        ),
        {"local": "fold", "conv": "fold", "fc": "dense_1"},
    ),
    "foldmultialex64x64": Configuration(
        64,
        _named(Unfold(16), *_alex(), Fold(), Conv(192, 3), Conv(192, 1)),
        {"local": "fold", "conv": "fold", "global": "conv_7"},
    ),
    "resnet19_32x32": _resnet(2, 1, 1),
    "resnet34_32x32": _resnet(3, 5, 2),
    "foldresnet19_32x32": _resnet(2, 1, 1, crop=8),
    # Repaired: see above.
    "foldresnet34_32x32": _resnet(2, 5, 2, crop=8),
    "philish_resnet_64x64": _philish(64, (32, 64, 64, 128, 128, *(512,) * 6, 64), True),
    "philish_resnet_64x64_wide": _philish(64, (256, 512, 512, *(1024,) * 9), True),
    "philish_resnet_32x32": _philish(32, (32, 64, 64, *(512,) * 6, 64), False),
    "philish_resnet_32x32_wide": _philish(32, (256, 512, 512, *(1024,) * 7), True),
    # Defined but not registered in the release.
    "philish_resnet_32x32_mega": _philish(32, (256, 512, 512, *(1024,) * 6, 64), False),
}
