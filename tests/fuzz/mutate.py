"""Mutations of bytes: what stands in a seed is changed, dropped, doubled, crossed with others."""

BYTES = (0, 1, 9, 10, 13, 32, 34, 39, 44, 47, 58, 91, 92, 93, 123, 125, 127, 128, 192, 254, 255)
NUMBERS = (
    *(b"0", b"-1", b"1", b"2147483648", b"18446744073709551616", b"1e999", b"-0.0", b"NaN", b"1_0"),
    *(b"1e-320", b"0x7f", b"9" * 400, b"null", b"true", b'""', b"[]", b"{}"),
)


def mutated(rng, seeds, words):
    """Return new bytes from some seeds; `words` are pieces that mean something to the reader."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        data = rng.choice(_CHANGES)(rng, data, seeds, words)
    return bytes(data)


def _flipped(rng, data, seeds, words):
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _replaced(rng, data, seeds, words):
    if data:
        data[rng.randrange(len(data))] = rng.choice(BYTES)
    return data


def _dropped(rng, data, seeds, words):
    start, end = _stretch(rng, data)
    return data[:start] + data[end:]


def _doubled(rng, data, seeds, words):
    start, end = _stretch(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 1, 2, 30)) + data[end:]


def _cut(rng, data, seeds, words):
    return data[: rng.randint(0, len(data))]


def _inserted(rng, data, seeds, words):
    at = rng.randint(0, len(data))
    return data[:at] + rng.choice(words or NUMBERS) + data[at:]


def _crossed(rng, data, seeds, words):
    other = rng.choice(seeds)
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


def _renumbered(rng, data, seeds, words):
    """Put a number, or what stands in its place, where digits are."""
    digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
    if not digits:
        return _replaced(rng, data, seeds, words)
    start = end = rng.choice(digits)
    while end < len(data) and 48 <= data[end] <= 57:
        end += 1
    return data[:start] + rng.choice(NUMBERS) + data[end:]


def _stretch(rng, data):
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.choice((1, 2, 4, 16, 100)))


_CHANGES = (
    *(_flipped, _replaced, _dropped, _doubled, _cut, _inserted, _inserted, _crossed, _renumbered),
)
