"""The generative methods that Hjelm et al. (2019) compare Deep InfoMax with, on its encoders.

Certain: DIM's encoder with a code of 64, DCGAN decoders and generators, Adam at DIM's learning
rate, DIM's epochs, a spherical normal prior of BiGAN. No code of them was released. Uncertain
choices, which ``--set=...`` can change:

- the likelihood of VAE and beta-VAE (here normal with standard deviation 1, pixels in [-1, 1]:
  half the squared error, in nats an image);
- beta of the beta-VAE (here 4), and the betas of appendix A.6 (here 0.5 to 8, doubling);
- the prior of the AAE (here normal) and its weight (here 100: beside a squared error of a hundred
  nats an image a weight of 1 hardly moves the codes towards the prior);
- BiGAN's discriminator and game, see ``objectives.BiGAN``.
"""

import dataclasses

from tf_infomax.experiments import deep_infomax
from tf_infomax.experiments.spec import BiGAN, PriorMatching, Reconstruction, evaluation

__all__ = ["COLLECTIONS", "EXPERIMENTS"]

_DECODED = (evaluation("decoder"), evaluation("traversals"))
_SAMPLED = (*_DECODED, evaluation("samples"))


def _experiment(name, source, objectives, more, **fields):
    """DIM(L) with other terms: the same data, encoder, training and evaluation."""
    like = deep_infomax.LOCAL
    fields = {"evaluate": (*like.evaluate, *more), "sweep": (), **fields}
    return dataclasses.replace(
        like,
        name=name,
        source=f"Hjelm et al. (2019), {source}",
        objectives=objectives,
        **fields,
    )


AUTOENCODER = _experiment(
    "dim_autoencoder", "AE, Tables 1 and 2", (Reconstruction(beta=None),), _SAMPLED
)
VAE = _experiment(
    "dim_vae",
    "VAE, Tables 1, 2 and 4",
    (Reconstruction(beta=1.0),),
    (evaluation("elbo"), *_SAMPLED),
)
BETA_VAE = _experiment(
    "dim_beta_vae",
    "beta-VAE, Tables 1 and 2",
    (Reconstruction(beta=4.0),),
    (evaluation("elbo"), *_SAMPLED),
)
AAE = _experiment(
    "dim_aae",
    "AAE, Tables 1, 2 and 4",
    (Reconstruction(beta=None), PriorMatching(prior="normal", weight=100.0)),
    _SAMPLED,
)
BIGAN = _experiment("dim_bigan", "BiGAN, Tables 1, 2 and 4", (BiGAN(),), _SAMPLED)

NDM_AND_BETA = _experiment(
    "dim_ndm_and_beta",
    "appendix A.6: NDM over beta of a beta-VAE",
    (Reconstruction(beta=1.0),),
    (),
    evaluate=(evaluation("ndm"), evaluation("elbo"), evaluation("traversals")),
    sweep=(("objectives.reconstruction.beta", (0.5, 1.0, 2.0, 4.0, 8.0)),),
)

EXPERIMENTS = (AUTOENCODER, VAE, BETA_VAE, AAE, BIGAN, NDM_AND_BETA)

# What these add to the tables of ``deep_infomax.COLLECTIONS``.
COLLECTIONS = {
    "dim_table_1": (VAE, AUTOENCODER, BETA_VAE, AAE, BIGAN),
    "dim_table_4": (VAE, AAE, BIGAN),
}
