"""Tags of a run's rows: what an experiment tells about every number."""

import re
from pathlib import Path

from tf_infomax.experiments.spec import described
from tf_infomax.running.pair_distributions import tags_of_law

__all__ = ["data_set_tag", "tags_of"]


def data_set_tag(name):
    """The tag ``dataset`` of a data set: without folders, version of TFDS, and ``.npz``."""
    return re.sub(r"(:\d+\.[\d.*]+|\.npz)$", "", Path(name).name, flags=re.IGNORECASE)


def tags_of(experiment):
    """Tags of every row of a run, besides variant and seed."""
    tags = {
        "dataset": data_set_tag(experiment.data.name),
        "batch_size": experiment.train.batch_size,
    }
    if experiment.encoder is not None:
        tags["encoder"] = experiment.encoder.name
    else:
        tags["sampling"] = "dependent" if experiment.data.dependent else "independent"
        tags.update(tags_of_law(experiment.data))
    of_pairs = ("mutual_information", "label_confusion")
    others = [term for term in experiment.objectives if term.name not in of_pairs]
    if others:
        tags.update(_term_tags(experiment.objectives))
    for term in experiment.objectives:
        if term.name == "mutual_information":
            tags.update(_bound_tags(term))
    return tags


def _bound_tags(term):
    tags = {"critic": term.critic.name, "bound": described(term.bound)}
    # Predictive coding has neither.
    baseline, target = (getattr(term, name, None) for name in ("baseline", "target"))
    if baseline is not None:
        tags["baseline"] = baseline.name
    if target is not None:
        tags["target"] = target
    return tags


def _term_tags(terms):
    """Weights of Deep InfoMax's terms under the paper's letters, and how pairs are scored."""
    by_name = {term.name: term for term in terms}
    tags = {}
    for letter, name in (
        ("alpha", "global_information"), ("beta", "local_information"), ("gamma", "prior"),
    ):
        tags[letter] = by_name[name].weight if name in by_name else 0.0
    scored = ("local_information", "global_information", "predictive_coding")
    information = next((by_name[name] for name in scored if name in by_name), None)
    if information is not None:
        tags.update(_bound_tags(information))
        if "units" in information.critic.options:
            tags["critic_units"] = information.critic.options["units"]
        tags["occluded"] = getattr(information, "occluded", False)
        # With fewer pairs the same bound has another ceiling.
        for name in ("negative_images", "local_samples", "global_samples"):
            if getattr(information, name, None) is not None:
                tags[name] = getattr(information, name)
    if "reconstruction" in by_name:
        # "beta" is the weight of local information.
        tags["kl_weight"] = by_name["reconstruction"].beta
    if "two_views" in by_name:
        loss = by_name["two_views"].loss
        tags["loss"] = loss.name
        if "temperature" in loss.options:
            tags["temperature"] = loss.options["temperature"]
    others = ("predictive_coding", "noise_as_targets", "attributes")
    for name in ("coordinates", "relative_coordinates", "classification", *others):
        if name in by_name:
            tags[name] = by_name[name].weight
    return tags
