"""torchvision's transforms: imported here alone, which takes seconds, and only where needed."""

from bnstat.user_code import no_cache_folder

with no_cache_folder():
    from torchvision import tv_tensors
    from torchvision.transforms import v2

__all__ = ["tv_tensors", "v2"]
