"""From time of flight to wavelength."""

from __future__ import annotations

from graticule.core import Duration, Image, Neighbourhood, op
from graticule.ops.spectra import _flight
from graticule.ops.spectra._axis import TIMES, positions_in, renamed_axis, whole_spectra
from graticule.ops.spectra._flight import FlightPath, Offset, metres, seconds


@op(version=1, scope=Neighbourhood(whole_spectra), dtype="same", doc=_flight.DOC)
def to_wavelength(image: Image, *, flight_path: FlightPath, offset: Offset = Duration(0)) -> Image:
    r"""Tell the bins of a cube by the wavelength of the neutrons and not by their time of flight.

    .. math:: \lambda = \frac{h}{m_n} \frac{t - t_0}{L}

    with the flight path :math:`L` and the time :math:`t_0` at which they start. The dim becomes
    ``wavelength``, in angstrom; where bins begin and end (``tof_left``, ``tof_right``) goes with
    it. Values stay as they are, since a bin holds the same neutrons by either name. Bins before
    :math:`t_0` are kept, at wavelengths below 0.

    Parameters
    ----------
    image : Image
        With the dim ``tof`` (or ``time_of_flight``), in a unit of time, and any others. An image
        of errors is treated in the same way.
    %(flight)s

    See Also
    --------
    spectra.to_time_of_flight : the way back.

    %(examples)s
    >>> tof = ("tof", [1000.0, 2000.0], {"units": "us"})
    >>> cube = gt.core.as_image(np.ones((2, 3)), dims=["tof", "x"]).assign_coords(tof=tof)
    >>> gt.spectra.to_wavelength(cube, flight_path="10 m").wavelength.values.round(4)
    array([0.3956, 0.7912])
    """
    dim = _flight.require_dim(image, *TIMES)
    _, scale = positions_in(image, dim, "s")
    factor = _flight.PLANCK_OVER_NEUTRON_MASS / metres(flight_path) * scale
    return renamed_axis(image, dim, "wavelength", "angstrom", factor, seconds(offset) / scale)
