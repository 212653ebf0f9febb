"""The code that people paste, for each recipe of `bnstat.estimators.recipes`, on arrays of pixels.

`PLANTS` has, by figure and name, a function of a list of images, uint8 or uint16 of shape (H, W,
C), and a size if the recipe has sizes. It returns a number a channel, or one for all.
"""

import numpy as np
import torch


def unit(image):
    """Return an image in [0, 1]: float32 of shape (C, H, W), as ToTensor returns it."""
    return torch.from_numpy(image / np.iinfo(image.dtype).max).float().permute(2, 0, 1)


def pixels(images):
    """Return all pixels in [0, 1]: float64 of shape (n, C)."""
    flat = [image.reshape(-1, image.shape[2]) for image in images]
    return np.concatenate(flat) / np.iinfo(images[0].dtype).max


def batches(images, size):
    """Yield the batches of a DataLoader that does not shuffle."""
    for start in range(0, len(images), size):
        yield torch.stack([unit(image) for image in images[start : start + size]])


def whole_batches(images, size):
    """Yield those of a DataLoader with drop_last."""
    return (batch for batch in batches(images, size) if len(batch) == size)


def singles(images, _=None):
    """Yield batches of one image, of any size."""
    return (unit(image)[None] for image in images)


def averaged(figure, root=False):
    """Return the loop that averages a figure of batches, weighing them alike."""

    def loop(loader):
        total, number = 0.0, 0
        for batch in loader:
            total += figure(batch)
            number += 1
        mean = total / number
        return (mean.sqrt() if root else mean).double().numpy()

    return loop


DIMENSIONS = (0, 2, 3)
mean_of_means = averaged(lambda batch: batch.mean(DIMENSIONS))
mean_of_stds = averaged(lambda batch: batch.std(DIMENSIONS, correction=0))
mean_of_sample_stds = averaged(lambda batch: batch.std(DIMENSIONS))
root_of_variances = averaged(lambda batch: batch.var(DIMENSIONS, correction=0), root=True)
root_of_sample_variances = averaged(lambda batch: batch.var(DIMENSIONS), root=True)


def weighing_alike(loader):
    """Return √(E[x²] − E[x]²) as the loop over a DataLoader has it, in float64."""
    both = [(b.double().mean(DIMENSIONS), (b.double() ** 2).mean(DIMENSIONS)) for b in loader]
    means, squares = (torch.stack(each).mean(0) for each in zip(*both, strict=True))
    return (squares - means**2).sqrt().numpy()


def sums_in_float32(images):
    """Return n, Σx and Σx² as a loop adds them in float32."""
    n, total, squares = 0, torch.zeros(images[0].shape[2]), torch.zeros(images[0].shape[2])
    for image in map(unit, images):
        n += image[0].numel()
        total += image.sum((1, 2))
        squares += (image**2).sum((1, 2))
    return n, total, squares


def float32_std(images):
    n, total, squares = sums_in_float32(images)
    return (squares / n - (total / n) ** 2).sqrt().double().numpy()


def float32_mean(images):
    n, total, _ = sums_in_float32(images)
    return (total / n).double().numpy()


def nonzero(figure):
    return lambda images: np.array([figure(c[c > 0]) for c in pixels(images).T])


def clipped(figure):
    return lambda images: figure(np.minimum(np.concatenate([*map(flat, images)]), 255) / 255)


def flat(image):
    return image.reshape(-1, image.shape[2])


def image_means(images):
    return np.array([flat(image).mean(0) for image in images]) / np.iinfo(images[0].dtype).max


def running(momentum):
    """Return what BatchNorm2d holds after an epoch."""

    def train(images, size):
        layer = torch.nn.BatchNorm2d(images[0].shape[2], momentum=momentum)
        for batch in batches(images, size):
            layer(batch)
        return layer

    return train


def of_first(figure):
    return lambda images, size: figure(images[:size])


def of_singles(figure):
    return lambda images: figure(singles(images))


def all_pixels(figure):
    return lambda images: figure(pixels(images))


def plants():
    yield "mean", "the mean of all pixels", all_pixels(lambda x: x.mean(0))
    yield "mean", "the mean of the images' means", of_singles(mean_of_means)
    yield "mean", "the mean over all channels", all_pixels(np.mean)
    yield "mean", "the mean of the samples that are not 0", nonzero(np.mean)
    yield "mean", "the mean of 16-bit samples clipped at 255", clipped(lambda x: x.mean(0))
    yield (
        "mean",
        "the mean of the means of batches of {size}, a short last one weighing alike",
        lambda images, size: mean_of_means(batches(images, size)),
    )
    yield (
        "mean",
        "the mean of all whole batches of {size}",
        lambda images, size: mean_of_means(whole_batches(images, size)),
    )
    yield "mean", "the mean of the first {size} images", of_first(lambda i: pixels(i).mean(0))
    yield (
        "mean",
        "the mean of the means of the first {size} images",
        of_first(of_singles(mean_of_means)),
    )
    yield "mean", "the mean of sums added in float32", float32_mean
    yield "std", "the std of all pixels", all_pixels(lambda x: x.std(0))
    yield "std", "the mean of the images' stds (ddof 0)", of_singles(mean_of_stds)
    yield "std", "the mean of the images' stds (ddof 1)", of_singles(mean_of_sample_stds)
    yield (
        "std",
        "the root of the mean of the images' variances (ddof 0)",
        of_singles(root_of_variances),
    )
    yield (
        "std",
        "the root of the mean of the images' variances (ddof 1)",
        of_singles(root_of_sample_variances),
    )
    yield "std", "√(E[x²] − E[x]²), images weighing alike", of_singles(weighing_alike)
    yield "std", "the std over all channels", all_pixels(np.std)
    yield (
        "std",
        "the mean of the images' stds over all channels",
        lambda images: np.mean([pixels([image]).std() for image in images]),
    )
    yield (
        "std",
        "the std of the images' means over all channels",
        lambda images: np.std([pixels([image]).mean() for image in images]),
    )
    yield "std", "the mean of the channels' stds", all_pixels(lambda x: x.std(0).mean())
    yield "std", "the std of all pixels (ddof 1)", all_pixels(lambda x: x.std(0, ddof=1))
    yield "std", "the std of the samples that are not 0", nonzero(np.std)
    yield "std", "the std of 16-bit samples clipped at 255", clipped(lambda x: x.std(0))
    yield "std", "the std of the images' means (ddof 0)", lambda i: image_means(i).std(0)
    yield "std", "the std of the images' means (ddof 1)", lambda i: image_means(i).std(0, ddof=1)
    for words, loader in (("batches", batches), ("whole batches", whole_batches)):
        for name, figure in (
            ("the mean of the stds of {} of {{size}} (ddof 1)", mean_of_sample_stds),
            ("the mean of the stds of {} of {{size}} (ddof 0)", mean_of_stds),
            ("the root of the mean of the variances of {} of {{size}} (ddof 1)",
             root_of_sample_variances),
            ("√(E[x²] − E[x]²) over {} of {{size}} weighing alike", weighing_alike),
        ):  # fmt: skip
            yield (
                "std",
                name.format(words),
                lambda images, size, figure=figure, loader=loader: figure(loader(images, size)),
            )
    yield "std", "the std of the first {size} images", of_first(lambda i: pixels(i).std(0))
    yield (
        "std",
        "the std of the first {size} images (ddof 1)",
        of_first(lambda i: pixels(i).std(0, ddof=1)),
    )
    yield (
        "std",
        "the mean of the stds of the first {size} images (ddof 0)",
        of_first(of_singles(mean_of_stds)),
    )
    yield (
        "std",
        "the mean of the stds of the first {size} images (ddof 1)",
        of_first(of_singles(mean_of_sample_stds)),
    )
    yield "std", "√(E[x²] − E[x]²) of sums added in float32", float32_std
    for momentum in (0.1, 0.01):
        schedule = f"after one epoch (momentum {momentum}, batches of {{size}})"
        yield (
            "mean",
            f"BatchNorm's running mean {schedule}",
            lambda images, size, m=momentum: running(m)(images, size).running_mean.double().numpy(),
        )
        yield (
            "std",
            f"the root of BatchNorm's running variance {schedule}",
            lambda images, size, m=momentum: (
                running(m)(images, size).running_var.sqrt().double().numpy()
            ),
        )


PLANTS = {(of, name): function for of, name, function in plants()}


def image_set(rng, kind, number):
    """Return photo-like images: "equal" or "unequal" in size, "16-bit", or "gray"."""
    tint, images = rng.uniform(-30, 30, 1 if kind == "gray" else 3), []
    for _ in range(number):
        h, w = rng.integers(8, 25, 2) if kind == "unequal" else (16, 16)
        coarse = rng.normal(0, 1, (4, 4, len(tint))) + rng.normal(0, 1, (4, 4, 1))
        fine = coarse.repeat(-(-h // 4), 0).repeat(-(-w // 4), 1)[:h, :w]
        fine = fine + rng.normal(0, 0.2, fine.shape)
        image = fine * rng.uniform(10, 50) + rng.uniform(50, 200) + tint
        image = np.clip(image, 0, 255) / 255
        # Of 16-bit images, some samples are not beyond 255.
        deep = kind == "16-bit"
        images.append((image**3 * 65535).astype("u2") if deep else (image * 255).astype("u1"))
    return images
