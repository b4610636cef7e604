"""One example of every registered encoder: what the conformance tests loop over.

A new entry of the registry needs a new entry here, and no new test.
"""

import dataclasses

import numpy as np

__all__ = ["ENCODERS", "EncoderExample"]


@dataclasses.dataclass(frozen=True)
class EncoderExample:
    """A small encoder of a registered kind.

    Attributes:
        name: the registered name.
        options: of the constructor, all but the seed.
        input_shape: of one input.
        output_dim: width of the code.
        wrong_input_shape: of one input that does not fit an encoder built for ``input_shape``.
    """

    name: str
    options: dict
    input_shape: tuple
    output_dim: int
    wrong_input_shape: tuple

    def inputs(self, size, seed=0, dtype=np.float32):
        """Standard normal inputs ``[size, *input_shape]``."""
        return np.random.default_rng(seed).normal(size=(size, *self.input_shape)).astype(dtype)


_FLOW = {"num_couplings": 2, "hidden_units": (8,), "kernel_initializer": "glorot_uniform"}


def _layered(name, widths, output_units=5, channels=3):
    """A thin encoder of Deep InfoMax; without output units the code has the last width."""
    size = int(name.removesuffix("_wide").removesuffix("_mega")[-2:])
    return EncoderExample(
        name,
        {"widths": widths, "output_units": output_units},
        (size, size, channels),
        output_units or widths[-1],
        (size, size, channels + 1),
    )


ENCODERS = {
    "mlp": EncoderExample("mlp", {"layer_dimensions": (6, 6, 5)}, (4,), 5, (3,)),
    "mlp of images": EncoderExample("mlp", {"layer_dimensions": (6, 5)}, (2, 3, 1), 5, (2, 4, 1)),
    "mlp with shortcuts": EncoderExample(
        "mlp", {"layer_dimensions": (4, 4), "shortcuts": True, "activation": "tanh"}, (4,), 4, (5,)
    ),
    "convnet": EncoderExample(
        "convnet", {"channels": 3, "kernel_size": 3, "output_dim": 5}, (6, 5, 2), 5, (6, 5, 3)
    ),
    "convnet of vectors": EncoderExample(
        "convnet",
        {"channels": 3, "kernel_size": 3, "output_dim": 5, "image_shape": (5, 4, 1)},
        (20,),
        5,
        (19,),
    ),
    "realnvp": EncoderExample("realnvp", _FLOW, (5,), 5, (4,)),
    "realnvp with scales": EncoderExample(
        "realnvp", {**_FLOW, "scale": "softplus"}, (6,), 6, (7,)
    ),
    "realnvp of images": EncoderExample("realnvp", _FLOW, (2, 3, 1), 6, (2, 2, 1)),
    "basic28x28": _layered("basic28x28", (4, 5, 6), channels=1),
    "basic32x32": _layered("basic32x32", (4, 5, 6, 7)),
    "basic64x64": _layered("basic64x64", (4, 5, 6, 5, 7)),
    "alex64x64": _layered("alex64x64", (4, 5, 6, 6, 5, 8, 7)),
    "foldalex64x64": _layered("foldalex64x64", (4, 5, 6, 6, 5, 8, 7)),
    "foldmultialex64x64": _layered("foldmultialex64x64", (4, 5, 6, 6, 5, 8, 7), output_units=0),
    "resnet19_32x32": _layered("resnet19_32x32", (4, 2, 3, 3, 4, 4, 7)),
    "resnet34_32x32": _layered("resnet34_32x32", (4, 2, 3, 3, 4, 4, 7)),
    "foldresnet19_32x32": _layered("foldresnet19_32x32", (4, 2, 3, 3, 4, 4, 7)),
    "foldresnet34_32x32": _layered("foldresnet34_32x32", (4, 2, 3, 3, 4, 4, 7)),
    "philish_resnet_64x64": _layered("philish_resnet_64x64", (4, 5, 5, 6, 6, *[8] * 6, 7)),
    "philish_resnet_64x64_wide": _layered(
        "philish_resnet_64x64_wide", (4, 5, 5, 6, 6, *[8] * 6, 7)
    ),
    "philish_resnet_32x32": _layered("philish_resnet_32x32", (4, 5, 5, *[8] * 6, 7)),
    "philish_resnet_32x32_wide": _layered("philish_resnet_32x32_wide", (4, 5, 5, *[8] * 6, 7)),
    "philish_resnet_32x32_mega": _layered("philish_resnet_32x32_mega", (4, 5, 5, *[8] * 6, 7)),
}
