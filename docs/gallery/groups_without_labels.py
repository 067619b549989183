"""
Groups that nobody labelled
===========================

k-means finds as many groups as it is asked for, in anything. So the same is done on tables
without groups, and again on a part of the rows: are these groups more than the method's habit,
and do they come again?
"""

# %%

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from graticule.learn.clustering import Chain, null_test, stability

digits = load_digits()
few = np.isin(digits.target, (0, 1, 4))
rows = digits.data[few]
chain = Chain.of([{"step": "pca", "n_components": 8}, {"step": "kmeans", "n_clusters": 3}])
found = chain.fit(rows, seed=0)
test = null_test(rows, chain, n=19, seed=0)
again = stability(rows, chain, n=8, seed=0)
print("groups of", found.sizes)
print("more than habit: p =", test.p)
print(f"made again from a part of the rows: agreement {again.mean:.2f}")

# %%
# On one cloud of the same spread the same steps find three groups too, and are not believed.

cloud = np.random.default_rng(0).multivariate_normal(rows.mean(0), np.cov(rows.T), len(rows))
print("of one cloud: p =", null_test(cloud, chain, n=19, seed=0).p)

figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for ax, table, title in ((axes[0], rows, "digits 0, 1 and 4"), (axes[1], cloud, "one cloud")):
    fit = chain.fit(table, seed=0)
    ax.scatter(*np.asarray(fit.space)[:, :2].T, c=fit.labels, s=5, cmap="brg")
    ax.set_title(title, fontsize=9)
