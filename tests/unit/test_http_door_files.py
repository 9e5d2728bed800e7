"""Files that come from outside: names, first bytes, workbooks and archives, refused or taken."""

import stat
import struct
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from api.http.door.contents import require_content
from api.http.door.limits import Limits, TooLargeError, UploadError
from api.http.door.names import member_parts, require_name
from api.http.door.unpacking import Unpacking, require_archive
from api.http.door.workbooks import require_cells

LIMITS = Limits()
SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    'main"><sheetData>{rows}</sheetData></worksheet>'
)


def key(error: pytest.ExceptionInfo[UploadError]) -> str:
    assert error.value.text("zh") != error.value.text("en")
    return error.value.key


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo()
            info.filename = name  # as it stands, with back slashes and all
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def workbook(path: Path, **members: bytes) -> Path:
    book = Workbook()
    book.active.append(["站点编号", "经度"])
    book.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["网格 2026.zip", "a.b.shp", "console.csv", "Ñandú.geojson"])
def test_ordinary_names_are_taken(name: str) -> None:
    assert require_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a/b.shp", "..\\b.shp", "C:b.shp", "con", "CON.txt", "nul.shp"),
        *("LPT1.csv", "com¹.csv", "a?.csv", "a\x00.csv", "a.csv.", "a.csv ", "x" * 300),
        *('a".csv', "a|b.csv", "aux .txt"),
    ],
)
def test_names_that_lead_elsewhere_or_fit_no_system_are_refused(name: str) -> None:
    with pytest.raises(UploadError) as error:
        require_name(name)
    assert key(error) == "door.bad_name"


@pytest.mark.parametrize(
    "path", ["../a.shp", "a/../../b.shp", "/etc/passwd", "\\\\host\\x.shp", "C:\\x.shp", "a/NUL/b"]
)
def test_members_that_lead_elsewhere_are_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(UploadError):
        member_parts(path)
    archive = packed(tmp_path / "a.zip", {path: b"x"})
    with pytest.raises(UploadError) as error:
        Unpacking(limits=LIMITS).unpack(archive, tmp_path / "out")
    assert key(error) == "door.bad_name"
    assert [each.name for each in tmp_path.rglob("*")] == ["a.zip"]


def test_a_zip_is_unpacked_one_folder_deep_and_what_is_no_data_is_passed_over(
    tmp_path: Path,
) -> None:
    inner = packed(tmp_path / "inner.zip", {"点.csv": b"a,b\n1,2\n"}).read_bytes()
    members = {
        "x/y/网格.geojson": b'{"type": "FeatureCollection", "features": []}',
        "x/y/readme.pdf": b"%PDF",
        "city.gdb/a00000001.gdbtable": b"\x03\x00",
        "again.zip": inner,
    }
    unpacking = Unpacking(limits=LIMITS)
    unpacking.unpack(packed(tmp_path / "a.zip", members), tmp_path / "out")
    found = {p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob("out/**/*.*")}
    assert found >= {"x_y/网格.geojson", "city.gdb/a00000001.gdbtable", "again/点.csv"}
    assert unpacking.skipped == ["x/y/readme.pdf"]
    assert not list(tmp_path.rglob("*.part"))


def test_a_zip_in_a_zip_in_a_zip_is_refused(tmp_path: Path) -> None:
    content = packed(tmp_path / "1.zip", {"a.csv": b"a"}).read_bytes()
    for n in (2, 3):
        content = packed(tmp_path / f"{n}.zip", {f"in{n}.zip": content}).read_bytes()
    with pytest.raises(UploadError) as error:
        Unpacking(limits=LIMITS).unpack(tmp_path / "3.zip", tmp_path / "out")
    assert key(error) == "door.nested_zip"


def test_a_bomb_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"a.csv": b"0" * 30_000_000})
    for check in (
        lambda: require_archive(bomb, LIMITS),
        lambda: Unpacking(limits=LIMITS).unpack(bomb, tmp_path / "out"),
    ):
        with pytest.raises(TooLargeError) as error:
            check()
        assert key(error) == "door.zip_bomb"
    assert not (tmp_path / "out").exists()


def test_members_and_bytes_are_bounded_over_all_archives(tmp_path: Path) -> None:
    few = Limits(members=3, expanded_bytes=1000)
    many = packed(tmp_path / "many.zip", {f"{n}.csv": b"a" for n in range(4)})
    with pytest.raises(TooLargeError) as error:
        require_archive(many, few)
    assert key(error) == "door.many_members"
    large = packed(tmp_path / "large.zip", {"a.csv": b"a,b\n" * 150})
    unpacking = Unpacking(limits=few)
    unpacking.unpack(large, tmp_path / "one")
    with pytest.raises(TooLargeError) as error:
        unpacking.unpack(large, tmp_path / "two")
    assert key(error) == "door.large_zip"


def test_a_size_that_is_a_lie_does_not_help(tmp_path: Path) -> None:
    path = packed(tmp_path / "lie.zip", {"a.csv": b"0" * 5_000_000})
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.index(mark) + offset, 10)
    path.write_bytes(raw)
    with pytest.raises(UploadError) as error:
        Unpacking(limits=LIMITS).unpack(path, tmp_path / "out")
    assert key(error) == "door.broken_file"
    assert sum(p.stat().st_size for p in tmp_path.rglob("out/*")) < 100


def test_links_and_passwords_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UploadError) as error:
        require_archive(tmp_path / "link.zip", LIMITS)
    assert key(error) == "door.link_in_zip"
    raw = bytearray(packed(tmp_path / "locked.zip", {"a.csv": b"a"}).read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(raw)
    with pytest.raises(UploadError) as error:
        require_archive(tmp_path / "locked.zip", LIMITS)
    assert key(error) == "door.locked_zip"


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": b"a" * 1000})
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UploadError) as error:
        require_archive(path, LIMITS)
    assert key(error) == "door.broken_file"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.exe", b"MZ", "door.unknown_kind"),
        ("a.vrt", b"<OGRVRTDataSource/>", "door.unknown_kind"),
        ("a.xlsm", b"PK\x03\x04", "door.macro_file"),
        ("a.csv", b"PK\x03\x04...", "door.wrong_ending"),
        ("a.csv", b"MZ\x90", "door.wrong_ending"),
        ("a.csv", b"<OGRVRTDataSource><SrcDataSource>/etc/passwd", "door.wrong_ending"),
        ("a.geojson", b"<OGRVRTDataSource/>", "door.wrong_ending"),
        ("a.kml", b'<?xml version="1.0"?><html>', "door.wrong_ending"),
        ("a.gml", b'<!DOCTYPE x [<!ENTITY a "b">]><a/>', "door.wrong_ending"),
        ("a.shp", b"SQLite format 3\x00", "door.wrong_ending"),
        ("a.gpkg", b"\x00\x00\x27\x0a", "door.wrong_ending"),
        ("a.tab", b'!table\nOpen Table "..\\..\\secret.tab"', "door.wrong_ending"),
        ("a.xls", b"PK\x03\x04", "door.wrong_ending"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + "_VBA_PROJECT".encode("utf-16-le"), "door.macro_file"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0", "door.wrong_ending"),
        ("a.geojson", b"", "door.empty_file"),
    ],
)
def test_content_that_is_not_what_the_name_says_is_refused(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UploadError) as error:
        require_content(tmp_path / name, LIMITS)
    assert key(error) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "编号,名称\n1,甲".encode("gb18030")),
        ("a.csv", "编号,名称\n1,甲".encode("utf-16")),
        ("a.geojson", b'\xef\xbb\xbf {"type": "FeatureCollection"}'),
        ("a.kml", b'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"/>'),
        ("a.SHP", b"\x00\x00\x27\x0a"),
        ("a.tab", b'!table\nFile "grids.dat"'),
    ],
)
def test_content_that_fits_its_name_is_taken(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    require_content(tmp_path / name, LIMITS)


def test_workbooks(tmp_path: Path) -> None:
    require_content(workbook(tmp_path / "good.xlsx"), LIMITS)
    with_macro = workbook(tmp_path / "macro.xlsx", **{"xl/vbaProject.bin": b"x"})
    with pytest.raises(UploadError) as error:
        require_content(with_macro, LIMITS)
    assert key(error) == "door.macro_file"
    with pytest.raises(UploadError) as error:
        require_content(packed(tmp_path / "other.xlsx", {"a.csv": b"a"}), LIMITS)
    assert key(error) == "door.wrong_ending"


def test_a_workbook_of_a_gigabyte_is_refused_by_what_it_says_of_itself(tmp_path: Path) -> None:
    path = workbook(tmp_path / "huge.xlsx")
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(1024):
            sheet.write(b" " * (1 << 20))
    assert path.stat().st_size < 10_000_000
    with pytest.raises(TooLargeError) as error:
        require_content(path, LIMITS)
    assert key(error) == "door.large_workbook"


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576">' + "<c><v>1</v></c>" * 200 + "</row>",
    ],
)
def test_a_cell_at_the_far_corner_of_a_sheet_is_refused(tmp_path: Path, rows: str) -> None:
    path = workbook(tmp_path / "far.xlsx")
    require_cells(path, LIMITS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/worksheets/sheet2.xml", SHEET.format(rows=rows))
    with pytest.raises(TooLargeError) as error:
        require_cells(path, LIMITS)
    assert key(error) == "door.large_sheet"
