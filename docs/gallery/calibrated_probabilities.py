"""
Do probabilities mean what they say?
====================================

Of all samples that a model gives 70 %, about 70 % should be what it says. A reliability curve
on an image it has not seen shows whether that is so.
"""

# %%

import matplotlib.pyplot as plt
import numpy as np

from graticule.evaluate.curves import reliability
from graticule.learn import Features, PixelClassifier
from graticule.simulate.roots import roots

learned, unseen = roots((160, 160), seed=1), roots((160, 160), seed=2)
truth = unseen.mask.values.astype(bool)
curves = {}
for name, estimator in {
    "forest": {"name": "forest", "n_estimators": 40},
    "logistic": "logistic",
}.items():
    model = PixelClassifier(Features(sigmas=(1, 2, 4)), estimator, labels="mask", balance=False)
    model.fit(learned.image, learned.mask)
    probability = model.predict_proba(unseen.image)[-1].values
    curves[name] = reliability(probability, truth, bins=10)
    print(f"{name}: expected calibration error {curves[name].expected_error:.3f}")

plt.figure(figsize=(4, 3.6), layout="constrained")
plt.plot([0, 1], [0, 1], color="0.6", ls="--")
for name, curve in curves.items():
    known = np.asarray(curve.counts) > 20
    plt.plot(
        np.asarray(curve.predicted)[known], np.asarray(curve.observed)[known], "o-", label=name
    )
plt.xlabel("probability it gives")
plt.ylabel("how often it is so")
plt.legend()
