"""Codes of one side's columns: numbers by their margins, nominal columns as one-hot codes."""

import numpy as np

from tf_infomax.estimation import margins as margin_maps
from tf_infomax.estimation.coarse_pixels import block_means, block_size

__all__ = ["Encoding", "check_discrete", "most_levels"]

# A numeric side with so few levels, each with so many pairs, is treated as nominal: that costs no
# information, and no order of the levels needs to be learnt.
_MOST_LEVELS, _PAIRS_PER_LEVEL = 100, 10
# Levels of a side, or of a nominal column, that is nominal by its type or by request.
_MOST_NAMED_LEVELS = 300
# Of a nominal column beside other columns; rarer levels share a code of zeros.
_MOST_COLUMN_LEVELS = 100
# A value that so large a part of a numeric column has gets an indicator, in so few columns: ranks
# hide that zero rainfall differs in kind from a little.
_ATOM, _MOST_COLUMNS_WITH_ATOMS = 0.05, 8
# Images of a smaller height or width are vectors.
_SMALLEST_SIDE = 4


def most_levels(count):
    """The largest number of levels of a numeric side of so many pairs that counts as discrete."""
    return min(_MOST_LEVELS, count // _PAIRS_PER_LEVEL)


def check_discrete(discrete):
    """(for x, for y) of an estimator's ``discrete``; ``ValueError`` if it is not valid."""
    both = discrete if isinstance(discrete, list | tuple) else (discrete, discrete)
    if len(both) != 2 or any(
        one != "auto" and not isinstance(one, bool | np.bool) for one in both
    ):
        raise ValueError(
            "`discrete` must be 'auto', True, False, or a pair of these for X and y. "
            f"Received: discrete={discrete!r}."
        )
    return tuple(both)


class Encoding:
    """A map from the columns of one side to a matrix for critics.

    If all columns of the side together have few levels, the code is one-hot in their joint level,
    and ``levels`` their number. Otherwise every nominal column is one-hot, the others go through
    the margins, and an indicator marks each value that many pairs share. All of this depends on
    one side alone and, up to levels merged as rare, loses nothing, so it leaves the mutual
    information as it is. The pixels of images follow once more, all with one offset and one scale,
    since ranks of single pixels distort what an image shows; the columns of large images are then
    the means of blocks of these pixels.

    Args:
        margins: name of a map of numeric columns.
        discrete: "auto" (nominal are text, categories and sides of few levels), True (all columns)
            or False (none).
        pixels: whether pixels are wanted, too.

    Attributes:
        levels: number of joint levels, or None for a side that is not discrete.
        merged: number of rare levels that share a code.
        grid: (height, width, channels) of the pixels, the last columns of the code; or None.
        block: rows and columns of pixels whose mean is one column of the code.
        dim: number of dimensions: levels less one, or columns (of large images, blocks).
    """

    # Estimators that were saved before there were images, or a scale of pixels, lack these.
    grid, block, _pixel_scale = None, 1, None
    _known: dict[int, set] | None = None

    def __init__(self, margins, discrete, pixels=False):
        self._has_pixels = pixels
        self._margins = margin_maps.get(margins)
        self._discrete = discrete

    def fit(self, sample):
        """Learns the code of a ``Sample``; returns itself.

        Raises:
            ValueError: on text that hardly recurs.
        """
        for place, column in enumerate(sample.columns):
            if sample.nominal[place] and len({*column}) > max(len(column) / 2, 2):
                raise ValueError(
                    "Columns of text are nominal, and their levels must recur; names and free text "
                    f"tell nothing here. Received: {len({*column})} levels in {len(column)} rows "
                    f"of column {sample.name(place)!r}."
                )
        self.levels, self.merged, self.grid, self.block = None, 0, None, 1
        self._joint = self._joint_levels(sample)
        if self._joint is not None:
            self.levels = len(self._joint)
            self.dim = self.levels - 1
            return self
        is_nominal = [self._discrete is True or named for named in sample.nominal]
        self._numeric = [place for place, named in enumerate(is_nominal) if not named]
        self._hot, self._known = {}, {}
        for place, column in enumerate(sample.columns):
            if is_nominal[place]:
                self._hot[place] = self._frequent(column)
                self._known[place] = {*column}
            elif self._discrete == "auto" and len(sample.columns) <= _MOST_COLUMNS_WITH_ATOMS:
                atoms = _atoms(column)
                if len(atoms):
                    self._hot[place] = atoms
        if self._has_pixels and sample.grid is not None and not self._hot:
            self.grid = sample.grid if min(sample.grid[:2]) >= _SMALLEST_SIDE else None
        if self.grid is not None:
            self.block = block_size(self.grid)
            self._pixel_scale = margin_maps.Scale(np.concatenate(sample.columns))
        self.dim = len(sample.columns)
        if self.block > 1:
            numbers = block_means(self._pixels(sample), self.grid, self.block)
            self.dim = numbers.shape[1]
            self._margins.fit(numbers)
        elif self._numeric:
            self._margins.fit([sample.columns[place] for place in self._numeric])
        return self

    def transform(self, sample):
        """float64 ``[N, D']``.

        Raises:
            ValueError: on levels of a discrete side or column that are not among those of
                ``fit``, and on such a column in place of numbers.
        """
        if self.levels is not None:
            return np.eye(self.levels)[self._joint_codes(sample)]
        self._check_levels(sample)
        parts = []
        pixels = None if self.grid is None else self._pixels(sample)
        if self.block > 1:
            parts.append(self._margins.transform(block_means(pixels, self.grid, self.block)))
        elif self._numeric:
            numbers = [sample.columns[place] for place in self._numeric]
            parts.append(self._margins.transform(numbers))
        for place, values in self._hot.items():
            parts.append((sample.columns[place][:, np.newaxis] == values).astype(np.float64))
        if pixels is not None:
            parts.append(pixels)
        return np.hstack(parts)

    def _pixels(self, sample):
        """Pixels of mean 0 and deviation 1 in ``fit``, over all places: float64 ``[N, D]``."""
        if self._pixel_scale is None:
            return np.stack(sample.columns, axis=1).astype(np.float64)
        return np.stack([self._pixel_scale.standardized(one) for one in sample.columns], axis=1)

    def _check_levels(self, sample):
        for place in self._numeric:
            if sample.nominal[place]:
                raise ValueError(
                    "Columns that held numbers in `fit` must hold numbers. Received: "
                    f"{sample.columns[place][0]!r} in row 0 of column {sample.name(place)!r}."
                )
        for place, known in (self._known or {}).items():
            for row, value in enumerate(sample.columns[place].tolist()):
                if value not in known:
                    raise ValueError(
                        "Levels of a nominal column must be among those of `fit`. "
                        f"Received: {value!r} in row {row} of column {sample.name(place)!r}."
                    )

    def _frequent(self, column):
        values, counts = np.unique(column, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        self.merged += max(len(values) - _MOST_COLUMN_LEVELS, 0)
        return values[np.sort(order[:_MOST_COLUMN_LEVELS])]

    def _joint_levels(self, sample):
        if self._discrete is False:
            return None
        named = self._discrete is True or all(sample.nominal)
        most = _MOST_NAMED_LEVELS if named else most_levels(len(sample))
        joint = np.zeros(len(sample), np.int64)
        for column in sample.columns:
            codes = np.unique(column, return_inverse=True)[1]
            joint = np.unique(joint * (codes.max() + 1) + codes, return_inverse=True)[1]
            if joint.max() >= most:
                return None
        if joint.max() == 0:
            return None
        first = np.unique(joint, return_index=True)[1]
        return {key: code for code, key in enumerate(_keys(sample, first))}

    def _joint_codes(self, sample):
        codes = [self._joint.get(key) for key in _keys(sample, slice(None))]
        if None in codes:
            row = codes.index(None)
            raise ValueError(
                "Values of a discrete side must be among those of `fit`. "
                f"Received: {next(iter(_keys(sample, [row])))!r} in row {row}."
            )
        return codes


def _keys(sample, rows):
    """The joint values of some rows as tuples of Python objects."""
    return zip(*(column[rows].tolist() for column in sample.columns), strict=True)


def _atoms(column):
    values, counts = np.unique(column, return_counts=True)
    return values[counts >= max(_ATOM * len(column), 2)] if len(values) > 1 else values[:0]
