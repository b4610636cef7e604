"""Deep InfoMax's information terms: the code with every place of a map, or with one whole map."""

import math

import keras

from tf_infomax.naming.arguments import boolean, integer
from tf_infomax.numerics.sampling import sample_places
from tf_infomax.objectives import options
from tf_infomax.objectives.features import flat
from tf_infomax.objectives.information import Information
from tf_infomax.objectives.term import checked_endpoint

__all__ = ["GlobalInformation", "LocalInformation"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class LocalInformation(Information):
    """Maximise the information between the global code and every local feature: DIM(L).

    ``max mean over places i of bound( critic(E(x), C^(i)(x)) )``: the anchors are the global codes,
    the positives of an anchor are the places of its own image, and its negatives all places of the
    other images of the batch.

    Args:
        critic: critic for maps, ``critic(global, local) -> [N, B, N, A]``.
        bound: name of a registered bound, or as for ``Information``.
        weight: beta.
        occluded: whether the code is that of the image with a part hidden (section 4.3); the local
            features are always those of the whole image.
        local_samples, global_samples: how many places (or globals) of each image are drawn at
            random in every step; ``None`` takes all.
        negative_images, self_score, activation_penalty, target, baseline: see ``Information``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 3.2, eq. 6 (eq. 8 prints this term
    wrongly; the authors say so).
    """

    label = "local_information"

    def __init__(
        self,
        critic,
        bound=options.LocalInformation.bound,
        weight=options.LocalInformation.weight,
        occluded=options.LocalInformation.occluded,
        local_samples=options.LocalInformation.local_samples,
        global_samples=options.LocalInformation.global_samples,
        negative_images=options.LocalInformation.negative_images,
        self_score=options.LocalInformation.self_score,
        activation_penalty=options.LocalInformation.activation_penalty,
        **kwargs,
    ):
        super().__init__(
            critic,
            bound,
            weight,
            negative_images=negative_images,
            self_score=self_score,
            activation_penalty=activation_penalty,
            **kwargs,
        )
        self.occluded = boolean(occluded, "occluded")
        for name, value in (("local_samples", local_samples), ("global_samples", global_samples)):
            if value is not None:
                integer(value, name, wanted="a positive integer or None")
        self.local_samples = local_samples
        self.global_samples = global_samples

    def connect(self, encoded):
        local, code = (encoded.shape(name) for name in ("local", "global"))
        if len(local) != 3:
            raise ValueError(
                f"The endpoint 'local' must be a map (H, W, C). Received: shape {local}."
            )
        for name, wanted, shape in (
            ("local_samples", self.local_samples, local),
            ("global_samples", self.global_samples, code),
        ):
            places = shape[0] * shape[1] if len(shape) == 3 else 1
            if wanted is not None and wanted > places:
                raise ValueError(
                    f"`{name}` can be at most {places}, the number there is. Received: {wanted}."
                )
        self._connect(code, local)

    def features_of(self, features, own=False):
        read = features.own if own else features.read
        codes = read("occluded.global" if self.occluded else "global")
        local = read("local")
        if self.local_samples is not None:
            local = sample_places(local, self.local_samples, features.seed("local_samples"), own)
        if self.global_samples is not None and codes.shape.rank == 4:
            seed = features.seed("global_samples")
            codes = sample_places(codes, self.global_samples, seed, own)
        return codes, local

    def get_config(self):
        return {
            **super().get_config(),
            "occluded": self.occluded,
            "local_samples": self.local_samples,
            "global_samples": self.global_samples,
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class GlobalInformation(Information):
    """Maximise the information between the global code and one whole feature map: DIM(G).

    ``max bound( critic(E(x), C(x)) )`` over all pairs of images of the batch. Codes with several
    globals are flattened.

    Args:
        critic: critic of vectors, which sees the flattened map; or a critic of maps
            (``EncoderTailCritic``).
        bound: name of a registered bound, or as for ``Information``.
        weight: alpha.
        endpoint: the map; "conv" is that of the paper.
        occluded: whether the code is that of the image with a part hidden.
        self_score, negative_images, activation_penalty, target, baseline: see ``Information``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 3.1, eqs. 2 to 5.
    """

    label = "global_information"

    def __init__(
        self,
        critic,
        bound=options.GlobalInformation.bound,
        weight=options.GlobalInformation.weight,
        endpoint=options.GlobalInformation.endpoint,
        occluded=options.GlobalInformation.occluded,
        self_score=options.GlobalInformation.self_score,
        activation_penalty=options.GlobalInformation.activation_penalty,
        **kwargs,
    ):
        super().__init__(
            critic,
            bound,
            weight,
            self_score=self_score,
            activation_penalty=activation_penalty,
            **kwargs,
        )
        self.occluded = boolean(occluded, "occluded")
        self.endpoint = checked_endpoint(endpoint)

    def connect(self, encoded):
        code, shape = (encoded.shape(name) for name in ("global", self.endpoint))
        candidate = shape if self._takes_maps else (math.prod(shape),)
        self._connect((math.prod(code),), candidate)

    @property
    def _takes_maps(self):
        return getattr(self.critic, "takes_maps", False)

    def features_of(self, features, own=False):
        read = features.own if own else features.read
        codes = read("occluded.global" if self.occluded else "global")
        maps = read(self.endpoint)
        return flat(codes), maps if self._takes_maps else flat(maps)

    def get_config(self):
        return {**super().get_config(), "endpoint": self.endpoint, "occluded": self.occluded}
