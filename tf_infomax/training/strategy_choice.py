"""Which devices are to share the steps of a run: a choice that needs no TensorFlow."""

import dataclasses

from tf_infomax.naming.registry import unknown_name

__all__ = ["MULTI_WORKER", "NAMES", "ONE_DEVICE", "Choice"]

NAMES = ("none", "mirrored", "multi_worker")


@dataclasses.dataclass(frozen=True)
class Choice:
    """Which devices are to share the steps.

    Attributes:
        name: "none", one device; "mirrored", the devices of this machine; "multi_worker", those of
            all machines that the environment variable ``TF_CONFIG`` names.
        devices: of this process: its first GPUs, or logical CPUs where there is no GPU; 0 means
            all GPUs, or two logical CPUs (one of every worker).

    Raises:
        ValueError: on an unknown name, or more devices than the strategy has.
    """

    name: str = "none"
    devices: int = 0

    def __post_init__(self):
        if self.name not in NAMES:
            raise unknown_name("strategy", self.name, NAMES)
        if self.devices < 0 or (self.name == "none" and self.devices > 1):
            raise ValueError(
                "Several devices need the strategy mirrored or multi_worker. "
                f"Received: strategy={self.name}, devices={self.devices}."
            )


ONE_DEVICE, MULTI_WORKER = Choice(), Choice("multi_worker")
