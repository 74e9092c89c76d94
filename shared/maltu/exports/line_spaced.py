"""How names end where LINE for computers writes ``HH:MM name text``, with nothing but spaces between.

A name may have spaces too. What always follows a word, again and again, belongs to the name; what differs is
what somebody says. So all lines are looked at before the first one is split.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from maltu.exports.joined import places_found, places_of
from maltu.exports.line_records import DELETED, TIME, Header
from maltu.exports.lookup import Lookup

_LONGEST_NAME_WORDS = 4
# People with the same first word in their names.
_MOST_NAMESAKES = 8
_LEAST_LINES = 4
_MOST_PREFIXES = 100_000
_OWN = re.compile(
    r".+ (?:joined|left) the (?:group|chat)\.|.+ (?:added|invited) .+ to the (?:group|chat)\."
    r"|.+ removed .+ from the (?:group|chat)\.|.+ changed the (?:group|chat)(?:'s)? (?:name|photo).*\."
    r"|\S.*が(?:(?:グループに)?参加|(?:グループを)?退[会出]|.+を(?:グループに)?(?:追加|招待))しました。?"
    r"|\S.*が(?:グループ(?:名|の(?:名前|プロフィール画像|アイコン))を)(?:.+に)?変更しました。?"
    r"|\S.*님이 (?:.+님을 (?:그룹에 )?(?:초대|추가)했습니다|(?:그룹에 )?참여했습니다"
    r"|(?:그룹에서 )?나갔습니다)\."
    r"|\S.*(?:加入|離開|退出)(?:了)?(?:群組|聊天室?|社群)。?"
)
_PLACEHOLDERS = frozenset(
    (
        *("Photo", "Photos", "Video", "Videos", "Sticker", "Stickers", "Audio", "File", "Files"),
        *("Contact", "Contacts", "Location", "画像", "写真", "動画", "スタンプ", "ボイスメッセージ"),
        *("ファイル", "連絡先", "位置情報", "사진", "동영상", "스티커", "음성 메시지", "파일", "연락처"),
        *("위치 정보", "圖片", "照片", "影片", "貼圖", "語音訊息", "檔案", "聯絡資訊", "位置訊息"),
    )
)
# One of these stands behind the first space of every line of LINE's own.
_OWN_WORDS = re.compile(
    r"joined the|left the|to the|from the|changed the|unsent|取り消しました|취소했습니다|已收回訊息|撤回了一"
    r"|参加しました|退会しました|退出しました|追加しました|招待しました|変更しました"
    r"|초대했습니다|추가했습니다|참여했습니다|나갔습니다|加入|離開|退出"
)
_TIME = re.sub(r"\?P<\w+>", "?:", TIME)
_LINE = re.compile(rf"\n{_TIME} (?=\S)(([^ \n]*)[^\n]*)")
_STARTS = re.compile(rf"\n({_TIME}) (?=\S)([^ \n]* |)")
MESSAGE = re.compile(rf"{TIME} (?P<rest>[^\s].*)", re.DOTALL)


@dataclass(slots=True)
class _Prefix:
    """The lines that start with the same words.

    Attributes:
        lines: how many.
        bare: how many end there.
        following: how many go on with which word; None where too many words differ.
    """

    lines: int = 0
    bare: int = 0
    following: Counter[str] | None = field(default_factory=Counter[str])


class Names:
    """Learns from all lines where their names end; takes no more memory for a million lines than for many.

    Args:
        known: names that are known from elsewhere.
    """

    def __init__(self, known: tuple[str, ...] = ()) -> None:
        self._known = known
        self._prefixes: dict[str, _Prefix] = {}
        self._settled: set[str] = set()
        # Looked up when all was learned.
        self._go_on = Lookup(self._goes_on)

    def learn(self, lines: str) -> None:
        """Take whole lines."""
        settled = self._settled
        for line, first_word in _LINE.findall("\n" + lines.replace("\r\n", "\n")):
            if first_word not in settled:
                self._learn(line)

    def _learn(self, line: str) -> None:
        """Take what stands behind a message's time."""
        words = line.split(" ", _LONGEST_NAME_WORDS + 1)
        start = ""
        for place, word in enumerate(words[:_LONGEST_NAME_WORDS]):
            start = f"{start} {word}" if start else word
            if (prefix := self._prefixes.get(start)) is None:
                if len(self._prefixes) >= _MOST_PREFIXES:
                    return
                prefix = self._prefixes[start] = _Prefix()
            prefix.lines += 1
            if place + 1 == len(words):
                prefix.bare += 1
                return
            if prefix.following is None:
                return
            prefix.following[words[place + 1]] += 1
            if len(prefix.following) > _MOST_NAMESAKES:
                prefix.following = None
                if place == 0:
                    # A name ends here, whatever other lines say.
                    self._settled.add(word)

    def split(self, line: str) -> tuple[str, str]:
        """Give the name and the text behind a time; the name is empty where LINE itself speaks."""
        if _OWN.fullmatch(line) or " " not in line:
            return "", line
        return self.split_named(line)

    def split_named(self, line: str) -> tuple[str, str]:
        """Give the same of a line that has a name."""
        name = next((name for name in self._known if line.startswith(f"{name} ")), "")
        if not name:
            name, _, rest = line.partition(" ")
            while self._go_on[name] and " " in rest:
                word, _, rest = rest.partition(" ")
                name = f"{name} {word}"
        return name, line[len(name) + 1 :]

    def is_whole(self, word: str) -> bool:
        """Tell whether every line that starts with a word, and goes on, has it for the name."""
        goes_on = self._goes_on(word) or any(name.startswith(f"{word} ") for name in self._known)
        return not goes_on and not self.is_rare(word)

    def is_rare(self, name: str) -> bool:
        """Tell whether too few lines start with a name to know where it ends."""
        prefix = self._prefixes.get(name)
        return name not in self._known and (prefix is None or prefix.lines < _LEAST_LINES)

    def _goes_on(self, name: str) -> bool:
        prefix = self._prefixes.get(name)
        if prefix is None or prefix.bare or not prefix.following:
            return False
        return all(
            count >= _LEAST_LINES and (longer := self._prefixes.get(f"{name} {word}")) and not longer.bare
            for word, count in prefix.following.items()
        )


class Spaced:
    """The form with spaces, once all lines were learned from."""

    def __init__(self, names: Names) -> None:
        self.starts = _STARTS
        self.placeholders = _PLACEHOLDERS
        self._names = names
        # A first word, with the space behind it, as the name that it is; as nothing where a name may go on.
        self._whole = Lookup(self._whole_name)

    def header_of(self, line: str) -> Header | None:
        """Give the message that starts with a line; None where none does."""
        return (found := MESSAGE.fullmatch(line)) and Header(found, *self._split(found["rest"]))

    def split(self, names: list[str], texts: list[str]) -> tuple[list[str], int]:
        """Give the senders, and how many are rare; what is cut are first words."""
        senders = list(map(self._whole.__getitem__, names))
        rare = 0
        own = places_found(texts, _OWN_WORDS)
        for place in own.union(places_of("", senders)):
            first, line_end, further = texts[place].partition("\n")
            line = names[place] + first
            if names[place] and place not in own:
                senders[place], text = self._names.split_named(line)
                rare += self._names.is_rare(senders[place])
            else:
                senders[place], text, is_rare = self._split(line)
                rare += is_rare
            texts[place] = text + line_end + further
        return senders, rare

    def _whole_name(self, first: str) -> str:
        word = first.removesuffix(" ")
        return word if self._names.is_whole(word) else ""

    def _split(self, line: str) -> tuple[str, str, bool]:
        """Give sender, text, and whether the sender is rare."""
        if DELETED.fullmatch(line):
            return "", line, False
        sender, text = self._names.split(line)
        return sender, text, self._names.is_rare(sender) if sender else " " not in text
