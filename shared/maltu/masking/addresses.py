"""Street addresses, new (road and number) and old (neighbourhood and lot), and the flat's number.

A place that has a number is an address; a district, a station or a sight is not. Korean ends half its adverbs
as it ends its roads (앞으로 3, 버스로 48), so a road counts only behind a district, before a storey or a
flat, after a word such as 주소, or where a side street makes it unmistakable (아차산로48길 29).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.masking.districts import CITIES, COUNTIES, DISTRICTS, PROVINCES, ROADS
from maltu.masking.kinds import Span

if TYPE_CHECKING:
    from collections.abc import Iterator


_PROVINCE = rf"(?:{PROVINCES})(?:특별자치시|특별자치도|특별시|광역시|도|시)?"
_TOWN = r"[가-힣0-9]{1,6}(?:읍|면|동|가|리)"
_DISTRICTS_BEFORE = re.compile(
    r"(?:(?:\(?\d{5}\)?\s{1,2})?"
    rf"(?<![가-힣])(?:{_PROVINCE}\s{{0,2}})?(?:(?:{CITIES})시\s{{0,2}}|(?:{COUNTIES})군\s{{0,2}})?"
    rf"(?:(?:{DISTRICTS})구\s{{0,2}})?)(?:{_TOWN}\s{{1,2}}){{0,2}}$"
)
_NAMED_DISTRICT = re.compile(
    rf"(?:\(?\d{{5}}\)?\s{{1,2}})?(?:{_PROVINCE}|(?:{CITIES})시|(?:{COUNTIES})군|(?:{DISTRICTS})구)"
)
_LAST_OF_DISTRICT = frozenset("도시군구읍면동가리").union(name[-1] for name in PROVINCES.split("|"))
_WINDOW = 40

_COUNTED = (
    r"(?!\d|[,.:/]\d|\s?(?:(?:개|명|만|천|억|시간|정거장|그릇|마리|페이지|퍼)(?![가-힣]{2})"
    r"|(?:km|m|ml|l|kg|g|cm|gb)(?![a-z])|[~x*+=]\s?\d|[%°℃])"
    r"|(?:원|분|시|초|번(?!지)|회|점|인(?![데지])|장|대|권|병|잔|등|위|년|월|일|주(?!변|차|소)|박|배(?!송|달)"
    r"|도(?!착)|가(?![가-힣])|층|살|세|호|코스|백|조|팀|판|끼|쪽|단계|차|부(?!터)|편|곡|평|반(?!지하)|학년|과))"
)
_ROAD_NUMBER = (
    r"(\s?\d{1,4}(?:번|[가-하])?길)?\s?((?:지하\s?)?\d{1,4}(?:-\d{1,4})?)(?![가-하]?길|번길)" + _COUNTED
)
_ROAD = re.compile(r"([가-힣][가-힣0-9·]{0,10}?(?:로|길))" + _ROAD_NUMBER)
_NO_ROAD = re.compile(
    r"(?:.*(?:으로|걸로|거로|버스로|기차로|동차로|하철로|택시로|카드로|전철로)"
    r"|(?:그|이|제|맘|마음|뜻|법|멋|말|순서|계획|예정)대로|바로|새로|서로|따로|별로|도로|프로|제로|가로|세로"
    r"|피로|위로|아래로|뒤로|차로|실제로|주로|홀로|절대로|진짜로|대체로|스스로|날로|억지로|함부로|수시로|추가로"
    r"|무료로|유료로|최초로|최대로|최소로|하나로|진로|활로|통로"
    r"|(?:이|갈|그|내|꽃|올레|골목|산책)길)$"
)
_KNOWN_ROAD = re.compile(rf"(?:{ROADS})$")
_LOT_NUMBER = r"\s?((?:산\s?)?\d{1,4}(?:-\d{1,4})?)(번지)?" + _COUNTED
_LOT = re.compile(r"([가-힣][가-힣0-9]{0,5}(?:동|리|\d가))" + _LOT_NUMBER)
# Every road and every lot ends so; a text without it is read once.
NUMBERED_ROAD = "[로길]" + _ROAD_NUMBER
NUMBERED_LOT = "[동리가]" + _LOT_NUMBER
_TOWN_BEFORE = re.compile(r"[읍면]\s{1,2}$")
_NO_TOWN = re.compile(
    r".*(?:운|행|활|이|노|자|감|공|아|수|변|충|냉|진|유|출|합|작|연|구|시|파|율|소|선|난)동$"
)
_FLAT = re.compile(
    r"(?<![\d가-힣A-Za-z\-])"
    r"(?:(?:(?:\d{1,4}|[A-Za-z가나다라])동[\s,]{0,2}(?:지하\s?|[Bb])?\d{2,4}|\d{2,4}-\d{3,4})호"
    r"|[가-힣A-Za-z0-9]{0,10}(?:아파트|오피스텔|빌라|맨션|원룸|고시원|기숙사)\s?(?:지하\s?|[Bb])?\d{2,4}호)"
    r"(?!선|차|점|\s?(?:강의실|교실|회의실|세미나실|연구실|실습실))"
)
_CAMPUS = re.compile(r"(?:강의실|교실|회의실|공대|자연대|인문대|캠퍼스|병동|학교)\s?$")
_HOME = re.compile(r"(?:주소|배송지|사는\s?곳|집은|집이|우리\s?집|택배|이사|살아)[^\d\n]{0,14}$")

_BUILDING = r"(?:[\s,]{1,2}[가-힣A-Za-z0-9]{2,12})?"
_TAIL = re.compile(
    r"(?:[\s,]{0,2}\([가-힣0-9·,\s]{1,20}\))?"
    rf"(?:{_BUILDING}[\s,]{{0,2}}\d{{1,4}}동[\s,]{{0,2}}(?:지하\s?|[Bb])?\d{{1,4}}호(?!선|차)"
    rf"|{_BUILDING}[\s,]{{0,2}}(?:지하\s?\d?|[Bb]?\d{{1,3}})층(?:[\s,]{{0,2}}\d{{1,4}}호(?!선|차))?"
    rf"|{_BUILDING}[\s,]{{0,2}}(?:지하\s?|[Bb])?\d{{2,4}}호(?!선|차))?"
)


def find_roads(text: str) -> Iterator[Span]:
    """Find a road and its number, with the district before and the storey or flat behind."""
    for match in _ROAD.finditer(text):
        start, placed = _with_districts(text, match.start())
        end = _with_tail(text, match.end())
        told = (
            placed
            or end > match.end()
            or (len(match[3]) > 1 and _KNOWN_ROAD.match(match[1]))
            or _HOME.search(text[max(0, start - 20) : start])
        )
        side_street = match[2] is not None
        if side_street or (told and not _NO_ROAD.match(match[1])):
            yield _address(text, start, end)


def find_lots(text: str) -> Iterator[Span]:
    """Find a neighbourhood and its lot, with the district before and the storey or flat behind."""
    for match in _LOT.finditer(text):
        start, placed = _with_districts(text, match.start())
        if _NO_TOWN.match(match[1]) and not (placed and match[3]):
            continue
        town = match[1].endswith("동") and len(match[1]) > len("명동")
        # A hamlet's name follows its town's: 정리 2, 거리 3 and the like do not.
        hamlet = match[1].endswith("리") and _TOWN_BEFORE.search(text[start : match.start()]) is None
        if match[3] or (placed and not hamlet) or (town and "-" in match[2]):
            yield _address(text, start, _with_tail(text, match.end()))


def find_flats(text: str) -> Iterator[Span]:
    """Find a building's and a flat's number."""
    for match in _FLAT.finditer(text):
        if not _CAMPUS.search(text[max(0, match.start() - 8) : match.start()]):
            yield _address(text, *match.span())


def _address(text: str, start: int, end: int) -> Span:
    return Span(start, end, "address", "".join(text[start:end].replace(",", " ").split()))


def _with_districts(text: str, start: int) -> tuple[int, bool]:
    window_start = max(0, start - _WINDOW)
    window = text[window_start:start]
    # Few numbers stand behind a district, and the search for one is dear.
    if window.rstrip()[-1:] not in _LAST_OF_DISTRICT:
        return start, False
    before = _DISTRICTS_BEFORE.search(window)
    if before and _NAMED_DISTRICT.match(before[0]):
        return window_start + before.start(), True
    return start, False


def _with_tail(text: str, end: int) -> int:
    tail = _TAIL.match(text, end)
    return tail.end() if tail else end
