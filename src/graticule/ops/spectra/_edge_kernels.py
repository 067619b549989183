"""Compiled loops of Bragg-edge fits: the model, its likelihoods, and Levenberg-Marquardt.

Parameters of an edge, in this order: position, logarithm of the width, height, slope of the height,
attenuation above the edge, its slope, and logarithm of the decay. Slopes are taken about the edge.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from graticule.core.typing import Array

PARAMETERS = 7
POSITION, WIDTH, HEIGHT, _TILT, _LEVEL, _SLOPE, _DECAY = range(PARAMETERS)

GAUSSIAN, POISSON, BINOMIAL = 0, 1, 2
"""How values are distributed: with known errors; as counts; as counts beside those of a beam."""

FITTED, TOO_FEW, NO_EDGE, AT_THE_RIM, NOT_CONVERGED, TOO_NARROW, TOO_WIDE, AWAY = range(8)
"""What became of a fit."""

_STEPS = 200
_BLUNT = 0.4
"""Relative standard error of a width, above which another width may fit as well."""
_OTHER = 1.1
"""By how much the logarithm of another width to begin with differs."""
_NEAR = 0.3
"""Deviance that is gained by a step within the region where it is about quadratic."""
_SIDE = 3
"""Bins that are on either side of an edge at least."""
_LARGEST = 50.0
_LEAST = 1e-12
_ROOT_2 = math.sqrt(2.0)
_ROOT_2_PI = math.sqrt(2 * math.pi)


def _scaled_erfc_pieces() -> Array:
    """Return polynomials for exp(y^2) erfc(y) by 4 / (4 + y), in equal pieces of this.

    Each goes through the values at the Chebyshev nodes of its piece, within 1e-14; the lowest power
    is the first. The quotient goes to no zero, so that far values keep their digits too.
    """
    from scipy.special import erfcx

    nodes = np.cos(np.pi * (np.arange(_POWERS) + 0.5) / _POWERS)
    powers = np.vander(0.5 * (nodes + 1), _POWERS, increasing=True)
    at = (np.arange(_PIECES)[:, None] + 0.5 * (nodes + 1)) / _PIECES
    return np.ascontiguousarray(np.linalg.solve(powers, (erfcx(4 / at - 4) / at).T).T)


_PIECES, _POWERS = 128, 7
_ERFC = _scaled_erfc_pieces()


@njit(cache=True, nogil=True, error_model="numpy")
def _scaled_erfc(y: float) -> float:
    """Return exp(y^2) erfc(y) for y >= 0."""
    place = 4.0 * _PIECES / (4.0 + y)
    piece = min(int(place), _PIECES - 1)
    within = place - piece
    found = _ERFC[piece, _POWERS - 1]
    for power in range(_POWERS - 2, -1, -1):
        found = found * within + _ERFC[piece, power]
    return float(found * place / _PIECES)


@njit(cache=True, nogil=True, error_model="numpy")
def _step(
    x: float, sigma: float, decay: float, per_sigma: float, per_decay: float, pulse: float
) -> tuple[float, float, float, float]:
    """Return the smeared step at a distance, and its derivatives by x, sigma and decay.

    The step is the distribution of the sum of a Gaussian and an exponential variable; without
    decay that of a Gaussian. ``per_sigma`` and ``per_decay`` are the inverses; ``pulse`` is
    exp(sigma^2 / 2 decay^2 - x / decay).
    """
    z = x * per_sigma
    if z < -8.5:
        return 0.0, 0.0, 0.0, 0.0
    if decay <= 0.0:
        if z > 8.5:
            return 1.0, 0.0, 0.0, 0.0
        density = math.exp(-0.5 * z * z) / _ROOT_2_PI
        return 0.5 * math.erfc(-z / _ROOT_2), density * per_sigma, -density * z * per_sigma, 0.0
    below, density, tail = 1.0, 0.0, pulse
    lag = z - sigma * per_decay
    if z < 8.5 or lag < 8.5:
        bell = math.exp(-0.5 * z * z)
        density = bell * (1.0 / _ROOT_2_PI)
        below = 0.5 * _scaled_erfc(abs(z) * (1.0 / _ROOT_2)) * bell
        below = 1.0 - below if z > 0 else below
        tail = 0.5 * _scaled_erfc(abs(lag) * (1.0 / _ROOT_2)) * bell
        tail = pulse - tail if lag > 0.0 else tail
    slope = tail * per_decay
    by_sigma = (density - sigma * slope) * per_decay
    by_decay = -(slope * x + by_sigma * sigma) * per_decay
    return below - tail, slope, by_sigma, by_decay


@njit(cache=True, nogil=True, error_model="numpy")
def _model(
    x: Array, width: Array, fall: float, p: Array, values: Array, rows: Array, with_decay: bool
) -> None:
    """Write the transmission of bins, and its derivatives; that by the decay where it is wanted.

    Where the beam falls with the wavelength, by the factor exp(-fall x), more of what is counted in
    a bin was meant for shorter wavelengths: the step looks later by fall times the variance.
    """
    sigma, decay = math.exp(p[WIDTH]), math.exp(p[_DECAY])
    later = fall * (sigma * sigma + decay * decay)
    alike = width.size == 1
    above, extra, pulse, smeared, per_sigma = 1.0, 1.0, 0.0, sigma, 1.0 / sigma
    per_decay = 1.0 / decay if decay > 0 else 0.0
    bin_ = (x[-1] - x[0]) / max(x.size - 1, 1)
    down = math.exp(min(-p[_SLOPE] * bin_, _LARGEST))
    down_extra = math.exp(min(-p[_TILT] * bin_, _LARGEST))
    down_pulse = math.exp(-bin_ / decay) if decay > 0 else 0.0
    for i in range(x.size):
        away = x[i] - p[POSITION]
        # from bin to bin of one width an exponential grows by the same factor
        if alike and i % 16 > 0:
            above, extra, pulse = above * down, extra * down_extra, pulse * down_pulse
        else:
            late = away - decay
            above = math.exp(min(-p[_LEVEL] - p[_SLOPE] * late, _LARGEST))
            extra = math.exp(min(-p[HEIGHT] - p[_TILT] * late, _LARGEST))
            smeared = math.sqrt(sigma * sigma + width[i if not alike else 0] ** 2 / 12.0)
            per_sigma = 1.0 / smeared
            if decay > 0:
                power = (0.5 * smeared * smeared * per_decay - away + later) * per_decay
                pulse = math.exp(min(power, 12.0 * _LARGEST))
        part, by_x, by_sigma, by_decay = _step(
            away - later, smeared, decay, per_sigma, per_decay, pulse
        )
        rows[POSITION, i], rows[WIDTH, i] = by_x, by_sigma * (sigma * per_sigma)
        rows[HEIGHT, i], rows[_TILT, i], rows[_LEVEL, i] = part, extra, above
        rows[_DECAY, i] = by_decay
    for i in range(x.size):
        late = x[i] - p[POSITION] - decay
        part, extra, above = rows[HEIGHT, i], rows[_TILT, i], rows[_LEVEL, i]
        by_x, by_part = rows[POSITION, i], above * (1.0 - extra)
        value = above * extra + by_part * part
        by_height = above * extra * (part - 1.0)
        along = p[_TILT] * by_height - p[_SLOPE] * value  # what the smooth part changes along x
        values[i] = min(max(value, _LEAST), 1.0 / _LEAST)
        rows[POSITION, i] = -by_part * by_x - along
        rows[WIDTH, i] = by_part * (rows[WIDTH, i] - by_x * fall * 2.0 * sigma) * sigma
        rows[HEIGHT, i] = by_height
        rows[_TILT, i] = by_height * late
        rows[_LEVEL, i] = -value
        rows[_SLOPE, i] = -value * late
        if with_decay:
            by_decay = rows[_DECAY, i] - by_x * fall * 2.0 * decay
            rows[_DECAY, i] = (by_part * by_decay - along) * decay


@njit(cache=True, nogil=True, error_model="numpy")
def _deviance(kind: int, y: Array, extra: Array, dose: float, values: Array) -> float:
    """Return twice the negative logarithm of the likelihood ratio, of all bins that are known."""
    found = 0.0
    if kind == GAUSSIAN:
        for i in range(y.size):
            away = (y[i] - values[i]) * extra[i]
            found += away * away
    elif kind == POISSON:
        for i in range(y.size):
            if extra[i] >= 0:
                found += 2.0 * (values[i] - y[i])
                if y[i] > 0:
                    found += 2.0 * y[i] * math.log(y[i] / values[i])
    else:
        for i in range(y.size):
            both, share = y[i] + extra[i], values[i] / (values[i] + dose)
            if y[i] > 0:
                found += 2.0 * y[i] * math.log(y[i] / (both * share))
            if extra[i] > 0:
                found += 2.0 * extra[i] * math.log(extra[i] / (both * (1.0 - share)))
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _scores(
    kind: int, y: Array, extra: Array, dose: float, values: Array, pull: Array, weight: Array
) -> None:
    """Write the gradient of the log likelihood by the model, and its expected curvature."""
    if kind == GAUSSIAN:
        for i in range(y.size):
            weight[i] = extra[i] * extra[i]
            pull[i] = (y[i] - values[i]) * weight[i]
    elif kind == POISSON:
        for i in range(y.size):
            known = 1.0 if extra[i] >= 0 else 0.0
            weight[i] = known / values[i]
            pull[i] = (y[i] - values[i]) * weight[i]
    else:
        for i in range(y.size):
            both, sums = y[i] + extra[i], values[i] + dose
            pull[i] = (y[i] - both * values[i] / sums) / values[i]
            weight[i] = both * dose / (sums * sums * values[i])


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _dot(a: Array, b: Array) -> float:
    """Return the sum of products."""
    found = 0.0
    for i in range(a.size):
        found += a[i] * b[i]
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _normal(
    kind: int, x: Array, width: Array, y: Array, extra: Array, dose: float, fall: float,
    p: Array, free: Array, curvature: Array, gradient: Array, bins: Array,
) -> float:  # fmt: skip
    """Write curvature and gradient of the log likelihood, and return the deviance.

    ``bins`` is scratch: the derivatives, and four rows more.
    """
    values, pull, weight, row = (
        bins[PARAMETERS], bins[PARAMETERS + 1], bins[PARAMETERS + 2], bins[PARAMETERS + 3],
    )  # fmt: skip
    _model(x, width, fall, p, values, bins, free[_DECAY])
    _scores(kind, y, extra, dose, values, pull, weight)
    for a in range(PARAMETERS):
        if free[a]:
            gradient[a] = _dot(pull, bins[a])
            for i in range(row.size):
                row[i] = weight[i] * bins[a, i]
            for b in range(a + 1):
                if free[b]:
                    curvature[a, b] = _dot(row, bins[b])
    return float(_deviance(kind, y, extra, dose, values))


@njit(cache=True, nogil=True, error_model="numpy")
def _factored(matrix: Array, free: Array, damping: float, out: Array) -> bool:
    """Write the Cholesky factor of the free part of a damped matrix; False if it has none.

    On its diagonal the inverse is written. What is not free has ones there and zeros beside.
    """
    for a in range(PARAMETERS):
        for b in range(a):
            value = matrix[a, b] if free[a] and free[b] else 0.0
            for c in range(b):
                value -= out[a, c] * out[b, c]
            out[a, b] = value * out[b, b]
        if not free[a]:
            out[a, a] = 1.0
            continue
        value = matrix[a, a] * (1.0 + damping)
        for c in range(a):
            value -= out[a, c] * out[a, c]
        if not (value > 1e-14 * matrix[a, a] and value > 0.0):
            return False
        out[a, a] = 1.0 / math.sqrt(value)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _solved(factor: Array, free: Array, vector: Array, out: Array) -> None:
    """Write the solution for a Cholesky factor; 0 for what is not free."""
    for a in range(PARAMETERS):
        value = vector[a] if free[a] else 0.0
        for b in range(a):
            value -= factor[a, b] * out[b]
        out[a] = value * factor[a, a]
    for a in range(PARAMETERS - 1, -1, -1):
        value = out[a]
        for b in range(a + 1, PARAMETERS):
            value -= factor[b, a] * out[b]
        out[a] = value * factor[a, a]


@njit(cache=True, nogil=True, error_model="numpy")
def _limits(x: Array) -> tuple[float, float]:
    """Return the logarithms of the least and the largest width that can be told from others."""
    span = x[-1] - x[0]
    return math.log(0.1 * span / (x.size - 1)), math.log(0.5 * span)


@njit(cache=True, nogil=True, error_model="numpy")
def _climb(
    kind: int, x: Array, width: Array, y: Array, extra: Array, dose: float, fall: float,
    p: Array, free: Array, precision: float, steps: int, room: Array, bins: Array,
) -> tuple[float, bool]:  # fmt: skip
    """Improve parameters by Levenberg-Marquardt; return the deviance and whether it converged.

    It has when the next step would gain less than ``precision`` of deviance. ``room`` and ``bins``
    are scratch; the first rows of ``room`` are left with the curvature.
    """
    curvature, factor, ahead, rest, whole = room[0], room[1], room[2], room[3], room[4]
    gradient, step, trial, turned = room[5, 0], room[5, 1], room[5, 2], room[5, 3]
    rest[:] = 0.0
    span = x[-1] - x[0]
    floor, ceiling = _limits(x)
    may = free.copy()
    damping, raised = 1e-3, 2.0
    now = _normal(kind, x, width, y, extra, dose, fall, p, free, curvature, gradient, bins)
    moved = True
    for _ in range(steps):
        if moved:
            may[WIDTH] = free[WIDTH] and (p[WIDTH] > floor or gradient[WIDTH] > 0)
            may[WIDTH] = may[WIDTH] and (p[WIDTH] < ceiling or gradient[WIDTH] < 0)
        for a in range(PARAMETERS):
            for b in range(a + 1):
                whole[a, b] = curvature[a, b] + rest[a, b]
        if not _factored(whole, may, damping, factor):
            rest[:] = 0.0
            whole[:] = curvature
            if not _factored(curvature, may, damping, factor):
                damping, moved = max(damping, 1e-6) * 10, False
                continue
        _solved(factor, may, gradient, step)
        near = moved and _along(gradient, step, may) < 2.0 * precision
        if near and _factored(whole, may, 0.0, factor):
            _solved(factor, may, gradient, trial)
            if _along(gradient, trial, may) < precision:
                for a in range(PARAMETERS):
                    p[a] += trial[a] if may[a] else 0.0
                p[WIDTH] = min(max(p[WIDTH], floor), ceiling) if may[WIDTH] else p[WIDTH]
                return now, True
        # a step does not leave the window, nor change a width by more than a factor of e
        shorter = max(1.0, abs(step[POSITION]) / (0.2 * span), abs(step[WIDTH]), abs(step[_DECAY]))
        for a in range(PARAMETERS):
            trial[a] = p[a] + step[a] / shorter if may[a] else p[a]
        if may[WIDTH]:
            trial[WIDTH] = min(max(trial[WIDTH], floor), ceiling)
        new = _normal(kind, x, width, y, extra, dose, fall, trial, free, ahead, turned, bins)
        moved = new <= now
        if moved:
            for a in range(PARAMETERS):
                step[a] = trial[a] - p[a] if may[a] else 0.0
            bent = 2.0 * _along(gradient, step, may) - _bend(whole, step)
            part = (now - new) / bent if bent > 0 else 0.0
            if now - new < _NEAR:
                _amend(rest, ahead, gradient, turned, step, may)
            p[:] = trial
            curvature[:] = ahead
            gradient[:] = turned
            now = new
            damping *= max(1.0 / 3.0, 1.0 - (2.0 * part - 1.0) ** 3)
            raised = 2.0
        else:
            damping, raised = damping * raised, 2.0 * raised
            if damping > 1e12:
                return now, False
    return now, False


@njit(cache=True, nogil=True, error_model="numpy")
def _amend(
    rest: Array, curvature: Array, before: Array, after: Array, step: Array, free: Array
) -> None:
    """Amend what the curvature lacks, by the change of the gradient along a step.

    The curvature that is expected leaves out how far the values are from the model. A symmetric
    matrix of rank one makes up for it along the step (SR1), so that steps do not go too far or
    fall short again and again.
    """
    lack = np.zeros(PARAMETERS)
    along, size, reach = 0.0, 0.0, 0.0
    for a in range(PARAMETERS):
        if free[a]:
            lack[a] = before[a] - after[a]
            for b in range(PARAMETERS):
                if free[b]:
                    high, low = max(a, b), min(a, b)
                    lack[a] -= (curvature[high, low] + rest[high, low]) * step[b]
            scale = max(curvature[a, a], 1e-300)
            along += lack[a] * step[a]
            size += lack[a] * lack[a] / scale
            reach += step[a] * step[a] * scale
    if abs(along) > 1e-4 * math.sqrt(size * reach):
        for a in range(PARAMETERS):
            for b in range(a + 1):
                rest[a, b] += lack[a] * lack[b] / along


@njit(cache=True, nogil=True, error_model="numpy")
def _along(gradient: Array, step: Array, free: Array) -> float:
    """Return the product of a gradient and a step, of what is free."""
    found = 0.0
    for a in range(PARAMETERS):
        if free[a]:
            found += gradient[a] * step[a]
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _bend(curvature: Array, step: Array) -> float:
    """Return the square of a step by the lower half of a symmetric matrix."""
    found = 0.0
    for a in range(PARAMETERS):
        for b in range(a + 1):
            if step[a] != 0.0 and step[b] != 0.0:
                found += (1.0 if a == b else 2.0) * curvature[a, b] * step[a] * step[b]
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _weight_of(kind: int, y: float, extra: float, dose: float) -> tuple[float, float]:
    """Return a rough transmission of a bin, and its weight, also for few counts."""
    if kind == GAUSSIAN:
        return y, extra * extra
    if kind == POISSON:
        return y, 1.0 / (y + 1.0) if extra >= 0 else 0.0
    near = dose * (y + 0.5) / (extra + 0.5)
    weight = (extra + 0.5) / (near * (near + dose)) * dose
    return dose * y / max(extra, 0.5), weight if y + extra > 0 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _begin(
    kind: int, x: Array, y: Array, extra: Array, dose: float,
    sigma: float, decay: float, low: float, high: float, p: Array, sums: Array,
) -> float:  # fmt: skip
    """Write parameters to begin with; return how much a step in a line gains in squares.

    They are of two lines, one on each side of a step, where these leave the least squares.
    ``sums`` is scratch: a row more than there are bins.
    """
    middle = 0.5 * (x[0] + x[-1])
    sums[0] = 0.0
    for i in range(x.size):
        value, weight = _weight_of(kind, y[i], extra[i], dose)
        away = x[i] - middle
        sums[i + 1, 0] = sums[i, 0] + weight
        sums[i + 1, 1] = sums[i, 1] + weight * away
        sums[i + 1, 2] = sums[i, 2] + weight * away * away
        sums[i + 1, 3] = sums[i, 3] + weight * value
        sums[i + 1, 4] = sums[i, 4] + weight * value * away
    largest, place = -np.inf, -1
    end = sums[-1]
    for j in range(_SIDE, x.size - _SIDE + 1):
        at = 0.5 * (x[j] + x[j - 1])
        if low <= at - decay <= high:
            left = sums[j]
            gain = _line(left[0], left[1], left[2], left[3], left[4])[2]
            gain += _line(
                end[0] - left[0], end[1] - left[1], end[2] - left[2], end[3] - left[3],
                end[4] - left[4],
            )[2]  # fmt: skip
            if gain > largest:
                largest, place = gain, j
    if place < 0:
        return -np.inf
    at = 0.5 * (x[place] + x[place - 1])
    left, right = sums[place], end - sums[place]
    below, rise_below, _ = _line(left[0], left[1], left[2], left[3], left[4])
    above, rise_above, _ = _line(right[0], right[1], right[2], right[3], right[4])
    least = 1e-3 * max(sums[-1, 3] / sums[-1, 0], 1e-12)
    below = max(below + rise_below * (at - middle), least)
    above = max(above + rise_above * (at - middle), least)
    p[POSITION], p[WIDTH] = at - decay, math.log(sigma)
    p[HEIGHT], p[_LEVEL] = math.log(above / below), -math.log(above)
    p[_SLOPE] = -rise_above / above
    p[_TILT] = rise_above / above - rise_below / below
    p[_DECAY] = math.log(decay) if decay > 0 else -np.inf
    return float(largest - _line(end[0], end[1], end[2], end[3], end[4])[2])


@njit(cache=True, nogil=True, error_model="numpy")
def _line(w: float, x: float, xx: float, y: float, xy: float) -> tuple[float, float, float]:
    """Return level and rise of the line through weighted values, and what it takes of squares.

    They come as weighted sums: of 1, of places, of their squares, of values, of their products.
    """
    if not w > 0:
        return 0.0, 0.0, -np.inf
    spread = xx - x * x / w
    along = xy - x * y / w
    rise = along / spread if spread > 1e-12 * xx else 0.0
    return (y - rise * x) / w, rise, y * y / w + rise * along


@njit(cache=True, nogil=True, error_model="numpy")
def _without(
    kind: int, x: Array, y: Array, extra: Array, dose: float, p: Array, bins: Array
) -> float:
    """Return the deviance of the best smooth curve without an edge, by Fisher's scoring."""
    values, pull, weight = bins[PARAMETERS], bins[PARAMETERS + 1], bins[PARAMETERS + 2]
    middle = 0.5 * (x[0] + x[-1])
    level = p[_LEVEL] + 0.5 * p[HEIGHT]
    slope = p[_SLOPE] + 0.5 * p[_TILT]
    least = np.inf
    for _ in range(30):
        for i in range(x.size):
            away = min(-level - slope * (x[i] - middle), _LARGEST)
            values[i] = max(math.exp(away), _LEAST)
        now = _deviance(kind, y, extra, dose, values)
        if not now < least - 1e-3:
            break
        least = now
        _scores(kind, y, extra, dose, values, pull, weight)
        g0, g1, c00, c01, c11 = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(x.size):
            away, value = x[i] - middle, values[i]
            g0 -= pull[i] * value
            g1 -= pull[i] * value * away
            square = weight[i] * value * value
            c00 += square
            c01 += square * away
            c11 += square * away * away
        det = c00 * c11 - c01 * c01
        if not det > 0:
            break
        level += (g0 * c11 - g1 * c01) / det
        slope += (g1 * c00 - g0 * c01) / det
    return least


@njit(cache=True, nogil=True, error_model="numpy")
def _bound(
    kind: int, x: Array, width: Array, y: Array, extra: Array, dose: float, fall: float,
    best: Array, least: float, free: Array, which: int, aside: float, wanted: float,
    room: Array, bins: Array,
) -> float:  # fmt: skip
    """Return where the best deviance with one parameter held is ``wanted`` squared above the least.

    ``aside`` is a first guess of how far that is, with its sign. Infinite if it is nowhere within
    reason: what is seen then sets no bound. NaN if fits on the way do not converge.
    """
    held = free.copy()
    held[which] = False
    low, high = best[which] - 40.0 * abs(aside), best[which] + 40.0 * abs(aside)
    if which == WIDTH:
        low, high = _limits(x)
        aside = min(max(aside, -1.0), 1.0)
    elif which == POSITION:
        low, high = x[0], x[-1]
    most = (high if aside > 0 else low) - best[which]
    p, better = best.copy(), best.copy()
    inner, outer, root, beyond = 0.0, 0.0, 0.0, np.nan
    step = min(aside, most) if aside > 0 else max(aside, most)
    lost = False
    for _ in range(24):
        p[:] = better
        p[which] = best[which] + step
        found, converged = _climb(
            kind, x, width, y, extra, dose, fall, p, held, 1e-5, _STEPS, room, bins
        )
        if not converged:
            most = step  # too far to be fitted: nearer then
            step = inner + 0.5 * (step - inner)
            lost = True
            continue
        far = math.sqrt(max(found - least, 0.0))
        if abs(far - wanted) < 0.005 * wanted:
            return float(best[which] + step)
        if far < wanted:
            if step == most:
                return np.nan if lost else math.copysign(np.inf, aside)
            inner, root = step, far
            better[:] = p
        else:
            outer, beyond = step, far
        if np.isnan(beyond):
            step = inner * min(max(wanted / max(root, 1e-3), 1.1), 2.0)
            step = min(step, most) if aside > 0 else max(step, most)
        else:
            share = (wanted - root) / (beyond - root)
            step = inner + min(max(share, 0.1), 0.9) * (outer - inner)
    return np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _verdict(
    p: Array, x: Array, near: tuple[float, float], gained: float, least: float, converged: bool
) -> int:
    """Return what became of a fit whose position should be near."""
    sigma, reach = math.exp(p[WIDTH]), math.exp(p[WIDTH]) + math.exp(p[_DECAY])
    low, high = x[0], x[-1]
    bin_ = (high - low) / (x.size - 1)
    if not (gained >= least and p[HEIGHT] > 0):
        return NO_EDGE
    if not converged:
        return NOT_CONVERGED
    if reach > 0.25 * (high - low):
        return TOO_WIDE
    if p[POSITION] < low + 2 * sigma + 2 * bin_ or p[POSITION] > high - 2 * reach - 2 * bin_:
        return AT_THE_RIM
    if not near[0] <= p[POSITION] <= near[1]:
        return AWAY
    return TOO_NARROW if p[WIDTH] <= _limits(x)[0] + 0.4 else FITTED


@njit(cache=True, nogil=True, error_model="numpy")
def fit_edges(
    kind: int, x: Array, width: Array, values: Array, extra: Array, dose: float,
    falls: Array, sigma: float, decay: float, free_decay: bool, low: float, high: float,
    least: float, precision: float, quantile: float, found: Array, errors: Array, bounds: Array,
    about: Array, start: int, stop: int,
) -> None:  # fmt: skip
    """Fit an edge to each spectrum from ``start`` up to ``stop``.

    Parameters
    ----------
    kind : int
        How values are distributed.
    x, width : ndarray
        Middles and widths of the bins, rising; one width if all are alike.
    values, extra : ndarray
        A row for each spectrum; ``extra`` has the standard deviations, or the counts of the open
        beam.
    dose : float
        Exposure of the open beam as a multiple of that of the sample.
    falls : ndarray
        By how much the logarithm of the beam falls along ``x``, for each spectrum.
    sigma, decay : float
        Widths to begin with; the decay is kept unless it is free.
    low, high : float
        Between which the position must be.
    least : float
        How much less deviance must be left with an edge than without.
    precision : float
        What a last step may gain of deviance.
    quantile : float
        Of the intervals, in standard deviations; 0 for none.
    found, errors, bounds, about : ndarray
        For each spectrum: parameters, standard errors, both ends of the intervals of position,
        width and height; deviance, bins, gain by an edge (infinite where it is plain), what became
        of it.
    """
    free = np.ones(PARAMETERS, np.bool_)
    free[_DECAY] = free_decay
    told = free.copy()
    room = np.zeros((6, PARAMETERS, PARAMETERS))
    bins = np.zeros((PARAMETERS + 4, x.size))
    sums = np.zeros((x.size + 1, 5))
    y, other = np.empty(x.size), np.empty(x.size)
    p, begun = np.empty(PARAMETERS), np.empty(PARAMETERS)
    unit, column = np.zeros(PARAMETERS), np.zeros(PARAMETERS)
    for n in range(start, stop):
        size = _known(kind, values[n], extra[n], y, other)
        about[n, 1] = size
        about[n, 3] = TOO_FEW
        if size < max(4 * _SIDE, 0.5 * x.size):
            continue
        rough = _begin(kind, x, y, other, dose, sigma, decay, low, high, p, sums)
        if not rough >= 0.6 * least:
            about[n, 3] = NO_EDGE
            continue
        without = np.inf
        if rough < 4.0 * least:  # else it is an edge, whatever the exact gain
            without = _without(kind, x, y, other, dose, p, bins)
        begun[:] = p
        fall = falls[n]
        now, converged = _climb(
            kind, x, width, y, other, dose, fall, p, free, precision, 30, room, bins
        )
        if without - now >= least and not (converged and _is_sharp(room[0], free)):
            now, converged = _from_elsewhere(
                kind, x, width, y, other, dose, fall, begun, p, free, precision, now, converged,
                room, bins,
            )  # fmt: skip
        gain = without - now
        about[n, 0], about[n, 2] = now, gain
        what = _verdict(p, x, (low, high), gain, least, converged)
        told[WIDTH] = what != TOO_NARROW
        if what in (FITTED, TOO_NARROW) and not _factored(room[0], told, 0.0, room[1]):
            what = NOT_CONVERGED
        about[n, 3] = what
        found[n] = p
        if what not in (FITTED, TOO_NARROW):
            continue
        for a in range(PARAMETERS):
            unit[:] = 0.0
            unit[a] = 1.0
            _solved(room[1], told, unit, column)
            errors[n, a] = math.sqrt(column[a]) if told[a] else np.nan
        if quantile > 0:
            for a in range(3):
                for side in range(2):
                    aside = (2 * side - 1) * quantile * (errors[n, a] if told[a] else 1.0)
                    bounds[n, a, side] = _bound(
                        kind, x, width, y, other, dose, fall, p, now, free, a, aside, quantile,
                        room, bins,
                    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _is_sharp(curvature: Array, free: Array) -> bool:
    """Tell whether a width is so well known that no other can be as good."""
    return curvature[WIDTH, WIDTH] > 1.0 / _BLUNT**2 or not free[WIDTH]


@njit(cache=True, nogil=True, error_model="numpy")
def _from_elsewhere(
    kind: int, x: Array, width: Array, y: Array, extra: Array, dose: float, fall: float,
    begun: Array, p: Array, free: Array, precision: float, now: float, converged: bool,
    room: Array, bins: Array,
) -> tuple[float, bool]:  # fmt: skip
    """Go on from where a fit is, and try again from other widths; keep the best.

    Where counts are few, the likelihood may have a second maximum at another width.
    """
    best, deviance, done = p.copy(), now, converged
    for turn in range(3):
        if turn == 0:
            if converged:
                continue
        else:
            p[:] = begun
            p[WIDTH] += _OTHER if turn == 1 else -_OTHER
        new, good = _climb(
            kind, x, width, y, extra, dose, fall, p, free, precision, _STEPS, room, bins
        )
        if good and (not done or new < deviance - 1e-6):
            best[:], deviance, done = p, new, True
    p[:] = best
    _normal(kind, x, width, y, extra, dose, fall, p, free, room[0], room[5, 0], bins)
    return deviance, done


@njit(cache=True, nogil=True, error_model="numpy")
def _known(kind: int, values: Array, extra: Array, y: Array, other: Array) -> int:
    """Write a spectrum so that bins which are not known weigh nothing; return how many are.

    Of standard deviations the inverse is written.
    """
    size = 0
    for i in range(values.size):
        value, beside = float(values[i]), float(extra[i])
        known = math.isfinite(value) and math.isfinite(beside)
        if kind == GAUSSIAN:
            known = known and beside > 0
            y[i], other[i] = (value, 1.0 / beside) if known else (0.0, 0.0)
        elif kind == POISSON:
            known = known and value >= 0
            y[i], other[i] = (value, 0.0) if known else (0.0, -1.0)
        else:
            known = known and value >= 0 and beside >= 0 and value + beside > 0
            y[i], other[i] = (value, beside) if known else (0.0, 0.0)
        size += known
    return size
