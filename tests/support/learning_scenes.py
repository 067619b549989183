"""Images with truth, and a method that is small enough to be understood in tests of learning."""

from dataclasses import dataclass, field

import numpy as np

from graticule.core import as_image, filtered_dims
from graticule.core.errors import CheckError
from graticule.learn.methods.method import Prediction


def scene(seed=0, shape=(96, 112)):
    rng = np.random.default_rng(seed)
    from scipy import ndimage

    truth = ndimage.gaussian_filter(rng.normal(size=shape), 4) > 0.03
    return as_image((truth + rng.normal(size=shape)).astype(np.float32)), as_image(truth)


@dataclass
class Smoothed:
    """A logistic regression on a smoothed image; a stand-in that notes its training_sets."""

    name: str = "smoothed"
    radius: int = 3
    on: tuple[str, ...] = ("real",)
    training_sets: list = field(default_factory=list)
    fail: str = ""
    first: None = None

    def reach(self, image):
        return dict.fromkeys(filtered_dims(image), self.radius)

    def features(self, image):
        from scipy import ndimage

        # a running mean would carry rounding from far away
        window = np.ones((2 * self.radius + 1,) * 2, np.float32)
        return ndimage.correlate(image.values, window / window.size)

    def fit(self, training_set):
        from sklearn.linear_model import LogisticRegression

        self.training_sets.append(training_set)
        if self.fail == "stop" and len(self.training_sets) == 2:
            raise KeyboardInterrupt
        if self.fail == "crash":
            raise RuntimeError("of a library")
        if self.fail == "error":
            raise CheckError("cannot be fitted")
        x, y = [], []
        for image, labels, where in zip(
            training_set.images, training_set.labels, training_set.where, strict=True
        ):
            use = np.ones(labels.shape, bool) if where is None else where.values
            x.append(self.features(image)[use])
            y.append(labels.values[use])
        self.seen = np.concatenate(x)
        self.model = LogisticRegression().fit(self.seen[:, None], np.concatenate(y))
        return FittedMethod(self, self.model)


@dataclass
class FittedMethod:
    method: Smoothed
    model: object

    def predict(self, image, box):
        values = self.method.features(image)[tuple(box.slices().values())]
        p = self.model.predict_proba(values.reshape(-1, 1))[:, 1].reshape(values.shape)
        return Prediction(np.stack([1 - p, p]), (p >= 0.5).astype(int))


def write_pair(folder, name, seed=0, shape=(96, 120)):
    """Write an image and its mask into folders of images and labels."""
    import tifffile
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    truth = ndimage.gaussian_filter(rng.normal(size=shape), 3) > 0.05
    for kind, values in (
        ("images", (truth + rng.normal(size=shape)).astype(np.float32)),
        ("labels", truth.astype(np.uint8) * 255),
    ):
        (folder / kind).mkdir(exist_ok=True)
        tifffile.imwrite(folder / kind / f"{name}.tif", values)
