"""OpenCV runs what `opencv` writes."""

import runpy

import pytest

cv2 = pytest.importorskip("cv2", reason="OpenCV is missing: pip install opencv-python-headless")

if not hasattr(cv2, "dnn") or not hasattr(cv2.dnn, "blobFromImageWithParams"):
    pytest.skip("OpenCV is older than 4.9", allow_module_level=True)


def blob(file, image):
    return runpy.run_path(str(file))["blob"](image)


def test_it_normalizes(measured, export):
    """Images as OpenCV loads them, in their own size, to RGB."""
    result = measured("RGB")

    assert result.agrees(blob(export(result, "opencv"), cv2.imread(str(result.image)))[0])


def test_for_models_of_bgr(measured, export):
    """Nothing is swapped."""
    result = measured("RGB")
    file = export(result, "opencv", "--channel-order", "bgr")

    assert result.agrees(blob(file, cv2.imread(str(result.image)))[0][::-1])


def test_gray(measured, export):
    """One channel, which has no order."""
    result = measured("L")
    image = cv2.imread(str(result.image), cv2.IMREAD_GRAYSCALE)

    assert result.agrees(blob(export(result, "opencv"), image)[0])
