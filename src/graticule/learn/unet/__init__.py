"""U-Nets: segmentation and regression by a convolutional network, in two and three dims.

`UNet` is fitted on images and labels and then is a model like any other: ``predict``,
``predict_proba``, ``uncertainty``, kept in a model file, applied by the ops of the family
``learn``. It needs PyTorch (``pip install 'graticule[deep]'``).

On two cores that do nothing else, with patches of 128 x 128 in batches of 8, a plain network
trains at about

======  =====  =======  ==============
base    depth  weights  steps a second
======  =====  =======  ==============
16      3      0.12 M   10
16      4      0.48 M   8
24      3      0.26 M   5
24      4      1.1 M    4
32      4      1.9 M    2.7
======  =====  =======  ==============

Where other work shares the cores, one thread (``OMP_NUM_THREADS=1``) is as fast as two: threads
that wait for each other take time from everybody. ``UNet(precision="bfloat16")`` trains about 1.6
times as fast on processors that compute with it (AVX512-BF16, AMX).
"""

from graticule.learn.unet.augment import Augment
from graticule.learn.unet.fitting import Validation
from graticule.learn.unet.history import History
from graticule.learn.unet.model import UNet
from graticule.learn.unet.plan import TrainingStep

__all__ = ["Augment", "History", "TrainingStep", "UNet", "Validation"]
