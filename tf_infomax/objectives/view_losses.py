"""The losses of two views by name, without TensorFlow; see ``two_views``."""

from tf_infomax.naming.registry import Family

__all__ = ["VIEW_LOSSES"]

VIEW_LOSSES = Family(
    "loss of two views",
    {
        **dict.fromkeys(
            ("contrastive", "alignment_uniformity", "triplet", "supervised"),
            "tf_infomax.objectives.two_views",
        ),
        "nt_xent": "tf_infomax.objectives.projected_views:NTXent",
        "barlow_twins": "tf_infomax.objectives.projected_views:BarlowTwins",
        "vicreg": "tf_infomax.objectives.projected_views:VICReg",
        "multi_scale": "tf_infomax.objectives.multi_scale:MultiScaleInformation",
    },
    synonyms={
        "infonce": ("contrastive",),
        "simclr": ("nt_xent",),
        "ntxent": ("nt_xent",),
        "amdim": ("multi_scale",),
    },
)
