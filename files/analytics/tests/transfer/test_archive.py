"""Files from anyone: what is no export is refused in a sentence, before it costs anything."""

import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from analytics.transfer import archive, stream
from analytics.transfer.archive import FileError, Table
from hypothesis import given
from hypothesis import strategies as st

Zipped = Callable[..., Path]

HEAD = "date,visitors,pageviews\n"


def read(file: Path) -> dict[str, bytes]:
    return {table.name: table.stream.read() for table in archive.tables(file)}


def test_a_zip_a_gzipped_and_a_plain_file_are_read_alike(zipped: Zipped, tmp_path: Path) -> None:
    assert read(zipped({"imported_visitors.csv": HEAD})) == {"imported_visitors.csv": HEAD.encode()}
    packed, plain = tmp_path / "a.csv.gz", tmp_path / "a.csv"
    packed.write_bytes(gzip.compress(HEAD.encode()))
    plain.write_text(HEAD)
    assert read(packed) == read(plain) == {"a.csv": HEAD.encode()}


def test_of_our_own_zip_the_tables_for_others_are_passed_over(zipped: Zipped) -> None:
    assert list(read(zipped({"imported_visitors.csv": HEAD, "visits.csv": "id\n"}))) == [
        "visits.csv"
    ]


def in_list(file: Path, offset: int, value: bytes) -> None:
    """Writes over a field of the last entry in the zip's list."""
    data = bytearray(file.read_bytes())
    where = data.rindex(b"PK\x01\x02") + offset
    data[where : where + len(value)] = value
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["../evil.csv"], "'../evil.csv' is a folder, in a folder, or there twice"),
        (["/etc/passwd"], "is a folder, in a folder"),
        (["a\\b.csv"], "is a folder, in a folder"),
        (["folder/"], "is a folder, in a folder"),
        ([f"{n}.csv" for n in range(101)], "it has 101 files; at most 100"),
    ],
)
def test_a_zip_with_odd_names_is_refused(zipped: Zipped, names: list[str], said: str) -> None:
    with pytest.raises(FileError, match=r"^a\.zip: ") as caught:
        read(zipped(dict.fromkeys(names, HEAD)))
    assert said in str(caught.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_table_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("imported_visitors.csv", HEAD)
        file.writestr("imported_visitors.csv", HEAD)
    with pytest.raises(FileError, match="there twice"):
        read(tmp_path / "a.zip")


def test_bombs_are_refused(zipped: Zipped, tmp_path: Path) -> None:
    nothing = "\0" * (64 * 2**20)
    with pytest.raises(FileError, match="far too much"):
        read(zipped({"imported_visitors.csv": nothing}))
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(nothing.encode()))
    with pytest.raises(FileError, match="far too much"):
        read(packed)


def test_a_zip_whose_list_lies_about_a_size_is_refused(zipped: Zipped) -> None:
    file = zipped({"imported_visitors.csv": "\0" * (64 * 2**20)})
    in_list(file, 24, (1000).to_bytes(4, "little"))
    with pytest.raises(FileError, match="damaged"):
        read(file)


@pytest.mark.parametrize(
    ("offset", "value", "said"),
    [
        (8, b"\1\0", "it has a password; give it without one."),
        (10, b"\x63\0", "it is no zip that can be read; fetch or export it again."),
        (42, b"\xff\xff\0\0", "it is no zip that can be read; fetch or export it again."),
    ],
    ids=["password", "unknown packing", "begins past the end"],
)
def test_a_zip_that_only_other_programs_open_is_refused(
    zipped: Zipped, offset: int, value: bytes, said: str
) -> None:
    file = zipped({"imported_visitors.csv": HEAD})
    in_list(file, offset, value)
    with pytest.raises(FileError, match=rf"^a\.zip: {said}"):
        read(file)


def test_a_zip_of_too_much_altogether_is_refused(zipped: Zipped) -> None:
    names = [f"{number}.csv" for number in range(5)]
    file = zipped(dict.fromkeys(names, HEAD))
    data = bytearray(file.read_bytes())
    for where in (each.start() for each in re.finditer(b"PK\x01\x02", data)):
        data[where + 20 : where + 28] = (2**32 - 2).to_bytes(4, "little") * 2
    file.write_bytes(data)
    with pytest.raises(FileError, match="more than 16 GB"):
        read(file)


@given(data=st.binary(max_size=300), cut=st.integers(0, 400), at=st.integers(0, 400))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int, at: int
) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("imported_visitors.csv", HEAD * 9)
    whole = target.getvalue()
    path = tmp_path_factory.mktemp("any") / "a.zip"
    for spoilt in (data, whole[:at] + data + whole[at:], whole[:cut], b"\x1f\x8b" + data):
        path.write_bytes(spoilt)
        try:
            read(path)
        except FileError as error:
            assert str(error).startswith("a.zip")  # noqa: PT017 - or it is read


@pytest.mark.integration
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.binary(max_size=50), st.integers(0, 3))),
    st.integers(0, 30_000),
)
def test_a_stream_brings_what_was_packed_or_says_that_it_broke_off(
    given_tables: list[tuple[str, bytes, int]], cut: int
) -> None:
    # Some of exactly so many pieces, where the next one's absence must be noticed.
    tables = [(file, data + b"x" * (2**20 * size)) for file, data, size in given_tables]
    target = io.BytesIO()
    stream.pack(
        (
            Table(file, f"{number}/é.csv", io.BufferedReader(io.BytesIO(data)))
            for number, (file, data) in enumerate(tables)
        ),
        target,
    )
    packed = target.getvalue()
    found = [(each.file, each.stream.read()) for each in stream.unpacked(io.BytesIO(packed))]
    assert found == tables
    passed_over = [each.file for each in stream.unpacked(io.BytesIO(packed))]
    assert passed_over == [file for file, _ in tables]
    end = packed.rindex(b"end\0")
    with pytest.raises(FileError, match="broke off"):
        [each.stream.read() for each in stream.unpacked(io.BytesIO(packed[: min(cut, end)]))]
