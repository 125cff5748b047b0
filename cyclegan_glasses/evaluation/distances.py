"""How far two sets of pictures lie apart, by their features: Fréchet, kernel, precision and recall.

All by torch-fidelity's own functions, whatever the features are, so that FID here is its FID. The names say
whose features they are of: `FID` and `KID` are Inception's alone, others are `FD-<name>` and `KD-<name>`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from cyclegan_glasses.machine import optional

FEW = 10_000  # below it FID depends on the count more than on many a model
SUBSETS, SUBSET = 100, 1000
NEIGHBOURS = 3
INCEPTION = "Inception"

NEEDED = "metrics", "distances need torch-fidelity"


def distances(made: NDArray, real: NDArray, encoder: str) -> dict[str, float]:
    """Distances between the features (n, d) of made pictures and (m, d) of real ones.

    Fréchet distance (Heusel et al. 2017); squared unbiased maximum mean discrepancy with the polynomial
    kernel (Bińkowski et al. 2018), mean of 100 subsets of 1,000 or of the smaller set's size; precision and
    recall with 3 neighbours (Kynkäänniemi et al. 2019). Sets of fewer than 4 give nothing.

    Raises:
        UserError: torch-fidelity is not installed.
    """
    fid, kid, prc = (optional(f"torch_fidelity.metric_{name}", *NEEDED) for name in ("fid", "kid", "prc"))
    count = min(len(made), len(real))
    if count <= NEIGHBOURS:
        return {}
    pair = [torch.from_numpy(np.ascontiguousarray(values, np.float64)) for values in (made, real)]
    frechet = fid.fid_statistics_to_metric(*map(fid.fid_features_to_statistics, pair), verbose=False)
    kernel = kid.kid_features_to_metric(
        *pair, kid_subsets=SUBSETS, kid_subset_size=min(SUBSET, count), verbose=False, rng_seed=0
    )
    manifold = prc.prc_features_to_metric(
        *pair, prc_neighborhood=NEIGHBOURS, prc_batch_size=10000, save_cpu_ram=True, verbose=False
    )
    first, second = ("FID", "KID") if encoder == INCEPTION else (f"FD-{encoder}", f"KD-{encoder}")
    return {
        first: frechet["frechet_inception_distance"],
        second: kernel["kernel_inception_distance_mean"],
        f"precision ({encoder})": manifold["precision"],
        f"recall ({encoder})": manifold["recall"],
    }


def likeness(before: NDArray, after: NDArray) -> NDArray[np.float64]:
    """Cosine between the codes (n, d) of inputs and results, (n,) of -1 to 1."""
    a, b = (codes.astype(np.float64) for codes in (before, after))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / np.maximum(lengths, 1e-12))
