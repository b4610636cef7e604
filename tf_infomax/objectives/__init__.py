"""Objectives: scores or logits -> a loss to minimise, and the metrics to report with it."""

from tf_infomax.objectives.label_confusion import classifier_loss, uniform_label_loss
from tf_infomax.objectives.mutual_information import mutual_information_loss

__all__ = ["classifier_loss", "mutual_information_loss", "uniform_label_loss"]
