"""The framing of TFRecord files, as far as it is needed where one is damaged.

A record is its length (8 bytes), a checksum of the length (4), the data, and a checksum of the
data (4), both masked CRC-32C; see `tensorflow/core/lib/io/record_writer.h`. While the length can
be trusted, the next record can be found behind a damaged one.
"""

import contextlib
import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HEADER, FOOTER = 12, 4
GZIP_MAGIC = b"\x1f\x8b"
GZIP_END = 8  # checksum and length of what was packed
POLYNOMIAL = 0x82F63B78  # of CRC-32C (Castagnoli), bits reversed
MASK = 0xA282EAD8
WORD = 2**32


class Frame(NamedTuple):
    """Where a record stands in its file, unpacked.

    Attributes:
        number: of the record, from 0.
        offset: where it begins, in bytes.
        end: where the next one begins; None where nothing says so.
        fault: what is wrong with the framing; None where nothing is.
    """

    number: int
    offset: int
    end: int | None
    fault: str | None


def is_packed(path: Path) -> bool:
    """Whether a file is GZIP, by how it begins, whatever its name."""
    with path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def unpacked_bytes(path: Path) -> int:
    """How many bytes are in a file, unpacked, modulo 2**32, by what a GZIP file ends with.

    A cut file ends with something else, which is what this is good for.
    """
    size = path.stat().st_size
    if not is_packed(path):
        return size % WORD
    with path.open("rb") as file:
        file.seek(max(0, size - GZIP_END))
        return int.from_bytes(file.read()[4:], "little")


def unpack_file(path: Path, folder: Path) -> Path:
    """Write a packed file unpacked into a folder, as far as it goes."""
    plain = folder / path.name.removesuffix(".gz")
    # What was unpacked before the damage is kept.
    with (
        plain.open("wb") as file,
        gzip.open(path) as packed,
        contextlib.suppress(EOFError, OSError, zlib.error),
    ):
        while part := packed.read1():
            file.write(part)
    return plain


def read_frames(plain: Path) -> Iterator[Frame]:
    """Go from record to record by their lengths; what is in them is not read.

    Ends at the end of the file, or with a frame whose fault does not let it go on.
    """
    size, number, offset = plain.stat().st_size, 0, 0
    with plain.open("rb") as file:
        while offset < size:
            file.seek(offset)
            frame = _frame(number, offset, file.read(HEADER), size)
            yield frame
            if frame.end is None:
                return
            number, offset = number + 1, frame.end


def _frame(number: int, offset: int, header: bytes, size: int) -> Frame:
    if len(header) < HEADER:
        return Frame(number, offset, None, "truncated: the file ends in its header")
    length, checksum = struct.unpack("<QI", header)
    if masked_crc(header[:8]) != checksum:
        # Where the next record begins is not known either.
        return Frame(number, offset, None, "corrupt: the checksum of its length is wrong")
    end = offset + HEADER + length + FOOTER
    if end > size:
        lacking = f"truncated: {end - size:,} of its {end - offset:,} bytes are missing"
        return Frame(number, offset, None, lacking)
    return Frame(number, offset, end, None)


def masked_crc(data: bytes) -> int:
    """Take the checksum of a few bytes.

    Example:
        >>> hex(masked_crc(b"123456789"))  # CRC-32C 0xe3069283, turned and shifted
        '0xc78ab0e5'
    """
    crc = WORD - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    crc ^= WORD - 1
    return ((crc >> 15 | crc << 17) + MASK) % WORD
