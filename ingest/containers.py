"""Which files count as recordings: known suffixes, and the containers we let a decoder open.

A list of files (m3u8, concat, an image sequence) makes the decoder open *other* files or hosts, so
only real containers are allowed, whatever the file is called.
"""

from __future__ import annotations

# fmt: off
VIDEO_SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".ts", ".mts",
    ".m2ts", ".mpg", ".mpeg", ".vob", ".ps", ".flv", ".f4v", ".asf", ".wmv",
    ".dav", ".h264", ".264", ".h265", ".265", ".hevc", ".ogv",
})
# fmt: on
"""Lower case, with the dot. `.dav` is what Dahua recorders write."""

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "flv",
    "asf",
    "dhav",
    "h264",
    "hevc",
    "ogg",
)
"""Names of libavformat demuxers that read one file and nothing else."""

DEMUXER_OPTIONS = {"format_whitelist": ",".join(DEMUXERS), "protocol_whitelist": "file"}
"""Options of libavformat that enforce it."""

_ASF_GUID = bytes.fromhex("3026b2758e66cf11")
_MOV_ATOMS = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"}
_START_MAGIC = {
    b"\x1a\x45\xdf\xa3": "matroska",
    b"FLV": "flv",
    _ASF_GUID: "asf",
    b"DHAV": "dhav",
    b"\x00\x00\x01\xba": "mpeg",
    b"\x00\x00\x00\x01": "annexb",
    b"OggS": "ogg",
}


def container_of(head: bytes) -> str | None:
    """Name the container that a file's first bytes (>= 400 wanted) announce; None when none.

    For decoders that cannot be told which containers to refuse (`yanji.ingest.opencv_file`).
    """
    if head[4:8] in _MOV_ATOMS:
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    for magic, name in _START_MAGIC.items():
        if head.startswith(magic):
            return name
    for start, step in ((0, 188), (4, 192)):
        if len(head) > start + step and head[start] == head[start + step] == 0x47:
            return "mpegts"
    return None


def looks_cut_mp4(head: bytes) -> bool:
    """Whether these first bytes begin an MP4: one that will not open has lost its index."""
    return container_of(head) == "mov"
