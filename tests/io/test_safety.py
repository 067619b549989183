"""What libraries warn of is kept: of whatever kind it is, if it is of the file."""

from __future__ import annotations

import logging
import warnings

import pytest
from astropy.io.fits.verify import VerifyWarning
from astropy.units import UnitsWarning
from astropy.wcs import FITSFixedWarning
from PIL.Image import DecompressionBombWarning

from graticule.io.safety import noted


@pytest.mark.parametrize(
    "kind",
    [UserWarning, RuntimeWarning, VerifyWarning, FITSFixedWarning, UnitsWarning,
     DecompressionBombWarning, UnicodeWarning],
)  # fmt: skip
def test_every_warning_of_a_file_is_noted(kind: type[Warning]) -> None:
    with noted() as notes:
        for _ in range(2):
            warnings.warn("odd  card", kind, stacklevel=1)
    assert notes == ["odd card"]


@pytest.mark.parametrize("kind", [DeprecationWarning, FutureWarning, ResourceWarning])
def test_what_is_of_the_code_is_not(kind: type[Warning]) -> None:
    with noted() as notes:
        warnings.warn("will change", kind, stacklevel=1)
    assert notes == []


def test_loggers_are_heard_and_left_as_they_were(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("some.library")
    with noted("some.library") as notes:
        logger.warning("odd tag %d", 5)
        logger.info("nothing")
    assert notes == ["odd tag 5"]
    assert not caplog.records
    assert logger.propagate
    assert logger.handlers == []
