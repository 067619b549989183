"""
A dose-response curve, with the interval of its EC50
====================================================

Four parameters are fitted to the means of wells, and the dose of half the effect gets an
interval from the profile of the likelihood: where the doses do not reach far enough, it is
open, and says so.
"""

# %%

import matplotlib.pyplot as plt
import numpy as np

from graticule.evaluate.dose_response import dose_response

rng = np.random.default_rng(3)
dose = np.repeat(np.geomspace(0.03, 30, 8), 3)
answer = 0.8 + 1.6 / (1 + (1.3 / dose) ** 1.2) + rng.normal(0, 0.08, dose.size)
fit = dose_response(dose, answer)
ec50 = fit.ec50
print(f"EC50 {ec50.estimate:.2f}, from {ec50.low:.2f} to {ec50.high:.2f}; true 1.3")

few = dose < 1
short = dose_response(dose[few], answer[few]).ec50
print(f"from the low doses alone: {short.low:.2f} to {short.high:.3g}")

grid = np.geomspace(0.02, 40, 200)
plt.figure(figsize=(5, 3.2), layout="constrained")
plt.plot(dose, answer, "o", alpha=0.6)
plt.plot(grid, fit(grid))
plt.axvspan(ec50.low, ec50.high, alpha=0.2)
plt.xscale("log")
plt.xlabel("dose")
plt.ylabel("answer")
assert ec50.low < 1.3 < ec50.high
