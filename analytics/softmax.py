"""Multinomial logistic regression with a ridge and an offset: which exit, if any, a row takes.

Class 0 is the reference. Maximised is the log likelihood less half the ridge times the squared weights (not those of
the intercepts), by L-BFGS in coordinates in which the curvature at the start is about one: rows' second moments are
taken once, so that a fit costs some tens of passes over the rows and not as many Hessians.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.kernel import kernel

Floats = NDArray[np.float64]

TOLERANCE = 1e-4  # of the gradient per row in those coordinates, where a step of 1 changes a row's predictor by about 1
MOST_STEPS = 200
CURVATURE_ROWS = 10_000  # for replicates: the curvature need not be known as well as the best


class Softmax(NamedTuple):
    """intercept (c,), weight (d, c) for classes 1 .. c; steps: passes over the rows that it took."""

    intercept: Floats
    weight: Floats
    steps: int


class Rows(NamedTuple):
    """x (n, d) columns, y (n,) class 0 .. classes, offset (n, classes) of the predictors; x in any float type."""

    x: NDArray[Any]
    y: NDArray[np.int8]
    offset: NDArray[Any] | None
    classes: int


def fit_softmax(rows: Rows, ridge: float | Floats, tolerance: float = TOLERANCE) -> Softmax:
    """The best weights; ridge: one, or one for each column (d,), above 0. A column of zeros gets exactly 0.

    A class that no row has falls towards minus infinity and is the caller's to leave out.
    """
    from scipy.optimize import minimize

    n, d = rows.x.shape
    whiten, unwhiten = _coordinates(rows, ridge)
    penalty = np.broadcast_to(np.asarray(ridge, np.float64), (d,))[:, None]

    def objective(flat: Floats) -> tuple[float, Floats]:
        beta = unwhiten(flat.reshape(d + 1, rows.classes))
        loss, slope = _loss(rows, beta)
        loss += 0.5 * float(np.sum(penalty * beta[1:] ** 2))
        slope[1:] += penalty * beta[1:]
        return loss / n, whiten(slope).ravel() / n

    start = np.zeros((d + 1) * rows.classes)
    options = {"maxiter": MOST_STEPS, "gtol": tolerance, "ftol": 1e-12, "maxcor": 12}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    beta = unwhiten(found.x.reshape(d + 1, rows.classes))
    return Softmax(beta[0].copy(), beta[1:].copy(), int(found.nfev))


def _coordinates(rows: Rows, ridge: float | Floats) -> tuple[Any, Any]:
    """Ways between gradients and weights (1 + d, c) and coordinates in which the Hessian at the start is about one.

    With equal chances of all rows the Hessian is that of the classes, times the second moments of the columns.
    """
    from scipy.linalg import solve_triangular

    n, d = rows.x.shape
    share = (np.bincount(rows.y, minlength=rows.classes + 1)[1:] + 0.5) / (n + 1.0)
    scale = 1 / np.sqrt(share * (1 - share))
    moments = np.zeros((d + 1, d + 1))
    moments[0, 0], moments[0, 1:] = n, rows.x.sum(axis=0, dtype=np.float64)
    moments[1:, 0], moments[1:, 1:] = moments[0, 1:], rows.x.T @ rows.x
    moments[np.arange(1, d + 1), np.arange(1, d + 1)] += ridge * float(np.mean(scale**2)) + 1e-9 * n
    factor = np.linalg.cholesky(moments / n)

    def whiten(slope: Floats) -> Floats:
        return np.asarray(solve_triangular(factor, slope, lower=True) * scale, np.float64)

    def unwhiten(coordinates: Floats) -> Floats:
        return np.asarray(solve_triangular(factor.T, coordinates * scale, lower=False), np.float64)

    return whiten, unwhiten


def _loss(rows: Rows, beta: Floats) -> tuple[float, Floats]:
    """Minus the log likelihood, and its slope (1 + d, c)."""
    eta = predictors(rows, beta)
    loss = residuals(eta, rows.y)
    slope = np.empty_like(beta)
    slope[0] = eta.sum(axis=0, dtype=np.float64)
    slope[1:] = rows.x.T @ eta
    return float(loss), slope


def predictors(rows: Rows, beta: Floats) -> NDArray[Any]:
    """The linear predictors (n, c) under weights with their intercepts first (1 + d, c)."""
    eta = rows.x @ beta[1:].astype(rows.x.dtype) + beta[0].astype(rows.x.dtype)
    if rows.offset is not None:
        eta += rows.offset
    return np.ascontiguousarray(eta)


@kernel
def residuals(eta: NDArray[Any], y: NDArray[np.int8]) -> float:
    """Minus the log likelihood; leaves in eta (n, c) the chance of each class less whether it is the row's."""
    total = 0.0
    for i in range(len(eta)):
        top = 0.0
        for c in range(eta.shape[1]):
            top = max(top, eta[i, c])
        whole = np.exp(-top)
        own = -top if y[i] == 0 else eta[i, y[i] - 1] - top
        for c in range(eta.shape[1]):
            eta[i, c] = np.exp(eta[i, c] - top)
            whole += eta[i, c]
        total += np.log(whole) - own
        for c in range(eta.shape[1]):
            eta[i, c] = eta[i, c] / whole - (1.0 if y[i] == c + 1 else 0.0)
    return total


def one_step(
    rows: Rows, best: Softmax, ridge: float | Floats, draws: NDArray[np.float32], pulled: NDArray[Any] | None = None
) -> Floats:
    """How intercepts and weights (R, 1 + d, c) change, by one Newton step, when rows count otherwise.

    draws (R, n): how often each row counts, less 1. pulled (R, d, c): by how much what the weights are shrunk towards
    moves. The curvature is taken class by class, from at most CURVATURE_ROWS rows evenly through all.
    """
    n, d = rows.x.shape
    residual = predictors(rows, np.vstack([best.intercept, best.weight]))
    residuals(residual, rows.y)
    chance = residual + (rows.y[:, None] == np.arange(1, rows.classes + 1))
    step = max(1, n // CURVATURE_ROWS)
    some, weight = rows.x[::step], chance[::step] * (1 - chance[::step])
    bounds = np.append(1e-9, np.broadcast_to(np.asarray(ridge, np.float64), (d,)))
    found = np.empty((len(draws), d + 1, rows.classes))
    for c in range(rows.classes):
        slope = np.empty((d + 1, len(draws)))
        counted = draws * residual[:, c].astype(np.float32)
        slope[0] = -counted.sum(axis=1, dtype=np.float64)
        slope[1:] = -(rows.x.T @ counted.T)
        if pulled is not None:
            slope[1:] += bounds[1:, None] * pulled[:, :, c].T
        moments = _moments(some, weight[:, c]) * (n / len(some))
        moments[np.arange(d + 1), np.arange(d + 1)] += bounds
        found[:, :, c] = np.linalg.solve(moments, slope).T
    return found


def _moments(x: NDArray[Any], weight: NDArray[Any]) -> Floats:
    """Weighted second moments (1 + d, 1 + d) of a 1 and the columns."""
    weighted = x * weight[:, None]
    found = np.empty((x.shape[1] + 1, x.shape[1] + 1))
    found[0, 0] = weight.sum(dtype=np.float64)
    found[0, 1:] = found[1:, 0] = weighted.sum(axis=0, dtype=np.float64)
    found[1:, 1:] = x.T @ weighted
    return found
