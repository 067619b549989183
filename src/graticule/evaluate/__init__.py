"""How far an answer can be trusted: against a truth, against chance, against other images.

Against a truth, arrays or DataArrays in, numbers out:

``pixels``
    A mask sample by sample: precision, recall, Dice, and an accuracy that carries its warning.
``instances``
    Labels object by object: matching, average precision, panoptic quality, count error.
``curves``
    Scores over all thresholds: ROC, precision-recall; probabilities: calibration.
``outlines``
    Distances of outlines in units, surface Dice, centreline Dice.
``partitions``, ``contingency``
    Rand index, mutual information, variation of information.
``superpixels``
    Boundary recall, undersegmentation, explained variation.
``residuals``
    Values against true values.
``empty``
    What each of them is where truth or answer are empty.
``bootstrap``, ``scores``
    Intervals over images, or over blocks of one image; never over samples.
``audit``
    Each image's threshold on every other image.

Against chance:

``surrogates``, ``empirical``
    The same analysis on images without a signal; p-values and false discoveries.
``injection``
    How strong a signal must be to be found.

``checks`` holds those that a pipeline can name.
"""
