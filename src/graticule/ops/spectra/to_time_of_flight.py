"""From wavelength to time of flight."""

from __future__ import annotations

from graticule.core import Duration, Image, Neighbourhood, op
from graticule.ops.spectra import _flight
from graticule.ops.spectra._axis import positions_in, renamed_axis, whole_spectra
from graticule.ops.spectra._flight import FlightPath, Offset, metres, seconds


@op(version=1, scope=Neighbourhood(whole_spectra), dtype="same", doc=_flight.DOC)
def to_time_of_flight(
    image: Image, *, flight_path: FlightPath, offset: Offset = Duration(0)
) -> Image:
    r"""Tell the bins of a cube by the time the neutrons took and not by their wavelength.

    .. math:: t = t_0 + \frac{m_n}{h} \lambda L

    The dim becomes ``tof``, in microseconds; all else is as of `to_wavelength`.

    Parameters
    ----------
    image : Image
        With the dim ``wavelength``, in a unit of length, and any others.
    %(flight)s

    See Also
    --------
    spectra.to_wavelength : the way back.

    %(examples)s
    >>> wavelength = ("wavelength", [2.0, 4.0], {"units": "angstrom"})
    >>> cube = gt.core.as_image(np.ones((2, 3)), dims=["wavelength", "x"])
    >>> cube = cube.assign_coords(wavelength=wavelength)
    >>> gt.spectra.to_time_of_flight(cube, flight_path="10 m").tof.values.round(1)
    array([ 5055.6, 10111.1])
    """
    dim = _flight.require_dim(image, "wavelength")
    _, scale = positions_in(image, dim, "angstrom")
    factor = metres(flight_path) / _flight.PLANCK_OVER_NEUTRON_MASS * scale * 1e6
    return renamed_axis(image, dim, "tof", "us", factor, -seconds(offset) * 1e6 / factor)
