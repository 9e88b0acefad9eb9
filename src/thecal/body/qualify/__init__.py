"""Qualification: the body model against published human data, and the one estimation of its unconfirmed parameters."""

from thecal.body.qualify.observed import Dataset, Metric, datasets
from thecal.body.qualify.score import DatasetResult, MetricResult, Qualification, qualify

__all__ = ["Dataset", "DatasetResult", "Metric", "MetricResult", "Qualification", "datasets", "qualify"]
