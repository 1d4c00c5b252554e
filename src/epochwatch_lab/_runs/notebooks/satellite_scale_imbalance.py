"""Notebook 05: what it may be given."""

from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from epochwatch_lab._runs.parameters import Parameters, RunName


class SatelliteScaleImbalance(Parameters):
    """Parameters of `05_satellite_scale_imbalance`."""

    notebook: ClassVar[str] = "05_satellite_scale_imbalance"

    export: str = Field("", description="folder of your own export; empty to write one")
    label_band: str = Field("landcover", min_length=1, description="band that holds the label")
    positive: int = Field(
        1, ge=-(10**6), le=10**6, description="value of the rare class in the label band"
    )
    patches: int = Field(48_016, ge=60, le=10_000_000, description="patches to write")
    ratio: int = Field(3_000, ge=2, le=50_000, description="majority patches per minority patch")
    bands: int = Field(12, ge=1, le=100, description="spectral bands to write")
    patch: int = Field(8, ge=8, le=1_024, description="pixels along an edge of a patch")
    kernel: int = Field(
        2, ge=0, le=256, multiple_of=2, description="pixels by which neighbouring patches overlap"
    )
    files: int = Field(8, ge=2, le=1_000, description="files that hold the majority")
    batch_size: int = Field(
        16, ge=2, le=4096, multiple_of=2, description="samples per batch, half of each class"
    )
    epochs: int = Field(25, ge=2, le=10_000, description="minority epochs to train")
    buffer: int = Field(1_000, ge=2, le=1_000_000, description="records in a shuffle buffer")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="seed of the weights and all random draws")
    run_name: RunName = "interactive"

    @field_validator("kernel")
    @classmethod
    def _is_a_margin(cls, kernel: int, checked: ValidationInfo) -> int:
        most = checked.data.get("patch", 8) // 4
        if kernel > most:
            raise ValueError(
                f"got {kernel}, allowed: an even integer to a quarter of patch, {most}"
            )
        return kernel
