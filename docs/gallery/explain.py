"""
What does a model look at?
==========================

A forest with forty features may lean on three. Permuting one feature at a time on samples that
were not learned from shows how much each matters; a small tree can be read as a whole.
"""

# %%

import matplotlib.pyplot as plt
import numpy as np
from sklearn.tree import DecisionTreeClassifier

from graticule.learn import Features, explain
from graticule.simulate.nuclei import nuclei

made = nuclei((160, 160), count=40, seed=5)
bank = Features(sigmas=(1, 2, 4), kinds=("gaussian", "gradient", "laplacian"))
table = bank.table(made.image)
names, rows = [str(name) for name in table], table.to_numpy()
truth = np.where(made.labels.values.ravel() > 0, "nucleus", "ground")
half = np.arange(len(rows)) % 160 < 80

tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(rows[half], truth[half])
print(explain.tree_text(tree, names))

# %%
# The importance on the other half of the image.

importance = explain.permutation_importances(tree, rows[~half], truth[~half], names, seed=0)
print(importance.head())
top = importance.head(6)
plt.figure(figsize=(5.5, 2.8), layout="constrained")
plt.barh(top["feature"][::-1], top["importance"][::-1])
plt.xlabel("accuracy lost where it is permuted")
