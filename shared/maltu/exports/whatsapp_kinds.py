"""What WhatsApp itself writes into a message.

Only whole messages count, or the first line where a caption follows it. On iPhones WhatsApp starts its own
words with a left-to-right mark, whatever their language; elsewhere the words decide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.exports.joined import places_found

if TYPE_CHECKING:
    from maltu.exports.message import Kind

MARK = "\u200e"
_OMITTED = re.compile(
    r"<(?:Media omitted|View once (?:photo|video|voice message) omitted"
    r"|Medien (?:ausgeschlossen|weggelassen)"
    r"|(?:Archivo )?[Mm]ultimedia omitido|Arquivo de mídia oculto|Mídia (?:omitida|oculta)"
    r"|Médias? omis|Fichier multimédia omis|Media (?:omessi|weggelaten|tidak disertakan)"
    r"|미디어(?: 파일)? ?(?:생략됨|제외됨|제외|생략|제외한 내보내기)"
    r"|メディアは?(?:省略|除外)されました|メディアなし|省略多媒体文件|媒体文件已省略|忽略多媒體檔)>"
)
_ATTACHED = re.compile(
    r"(?:.+\.\w{1,5} \((?:file attached|archivo adjunto|arquivo anexado|Datei angehängt|fichier joint"
    r"|file allegato|bestand bijgevoegd|파일 ?첨부됨?|첨부 ?파일|ファイル添付|添付ファイル|文件附件|附件)\)"
    r"|<(?:attached|adjunto|anexado|Anhang|pièce jointe|allegato|bijlage|첨부(?: ?됨| ?파일)?"
    r"|添付(?:ファイル)?|附件) ?: [^<>]+\.\w{1,5}>)"
)
_OTHER_MEDIA = re.compile(
    r"Missed (?:group )?(?:voice|video) call|부재중 (?:음성|영상) ?통화"
    r"|(?:[Ll]ocation|위치): https://maps\.google\.com/\S+|[Ll]ive location shared|POLL:\n(?s:.+)"
)
_MEDIA_IN_BRACKETS = re.compile(
    r"(?:image|photo|video|audio|sticker|GIF|document|Contact card|video note|voice message) omitted"
    r"|.{1,200} • .{1,60} document omitted",
    re.IGNORECASE,
)
_MEDIA_BEHIND_A_MARK = re.compile(
    r"(?:이미지|사진|동영상|비디오|오디오|음성 메시지|스티커|GIF|문서|연락처 카드) ?(?:생략|제외|누락)(?:됨)?"
    r"|(?:Missed |Silenced )?(?:voice|video) call.*|(?:음성|영상) ?통화.*|POLL:\n(?s:.+)|Location: https://.+",
    re.IGNORECASE,
)
# A document's own name, how long it is, and what it is called in the zip.
_DOCUMENT_BEHIND_A_MARK = re.compile(
    r".{1,200}\.(\w{1,5})(?: • .{1,60})? <[^<>\n]{1,40}: [^<>\n]{1,250}\.\1>", re.IGNORECASE
)
_DELETED = re.compile(
    r"(?:This message was deleted(?: by admin .+)?|You deleted this message(?: as admin)?"
    r"|삭제된 메시지입니다|(?:이 )?메시지(?:가|는) 삭제되었습니다|(?:회원님이 )?(?:이 )?메시지를 삭제했습니다"
    r"|Se eliminó este mensaje|Eliminaste este mensaje|Diese Nachricht wurde gelöscht"
    r"|Du hast diese Nachricht gelöscht|Mensagem apagada|Você apagou esta mensagem"
    r"|Ce message a été supprimé|Vous avez supprimé ce message|Questo messaggio è stato eliminato"
    r"|Hai eliminato questo messaggio|このメッセージは削除されました)[.。]?"
)
_OWN = re.compile(
    r"Messages (?:and calls are|to this (?:chat|group) (?:and calls )?are now) .*end-to-end encrypt.*"
    r"|메시지(?:와|와 통화는| 및 통화는).*종단간 암호화.*",
    re.DOTALL,
)
_EDITED = re.compile(
    r"\s?(?:<This message was edited>|<(?:이 )?메시지가 (?:수정|편집)되었습니다\.?>"
    r"|<수정된 메시지입니다\.?>|\u200e<[^<>\n:]{1,80}>)\Z"
)
_CAPTION_BEFORE = re.compile(r"\s?\u200e<[^<>\n]{1,40}: [^<>\n]{1,250}\.\w{1,5}>\Z")


# Almost every message is somebody's own words. How it starts and how it, or its first line, ends says that
# WhatsApp adds nothing to it, at a fraction of what the patterns above cost, for many texts with a NUL around
# each. The tests of what WhatsApp writes itself hold this to the patterns.
_STARTS = (
    *("Missed ", "부재중 ", "Location: ", "location: ", "위치: ", "Live loc", "live loc", "POLL:"),
    *("This message was del", "You deleted", "삭제된 메시지", "이 메시지", "메시지", "회원님이 "),
    *("Se elim", "Elimin", "Diese Nach", "Du hast diese", "Mensagem ", "Você ap", "Ce mess", "Vous avez sup"),
    *("Questo mess", "Hai elim", "このメッセージ", "Messages "),
)
# What all of them start with, first: a search for one of many words is slower.
_FIRSTS = re.escape("".join(sorted({start[0] for start in _STARTS})))
_SUSPECT_START = re.compile(rf"\0(?=[{_FIRSTS}])(?:{'|'.join(map(re.escape, _STARTS))})")
_SUSPECT_END = re.compile(rf"[>)dD{MARK}](?:(?<=[>)])(?=[\0\n])|(?<=[tT][eE][dD])(?=\0)|(?<={MARK}))")


def tell_apart(texts: list[str], kinds: list[Kind], *, bracket: bool) -> None:
    """Take what WhatsApp adds from many texts, and correct the kinds, which are ``text`` or ``system``."""
    for place in places_found(texts, _SUSPECT_START, _SUSPECT_END):
        if kinds[place] == "text":
            texts[place], kinds[place] = told_apart(texts[place], bracket=bracket)


def told_apart(text: str, *, bracket: bool) -> tuple[str, Kind]:
    """Give a sender's message without what WhatsApp adds to it, and what it is.

    Args:
        text: the message as it stands in the file.
        bracket: whether the file's times stand in brackets, as iPhones write them.
    """
    if text.endswith(">") and (edited := _EDITED.search(text)) and edited.start():
        text = text[: edited.start()]
    bare = text.lstrip(MARK)
    if _DELETED.fullmatch(bare):
        return bare, "deleted"
    if _is_media(text, bracket=bracket):
        return bare, "media"
    first, _, caption = bare.partition("\n")
    if caption and (_OMITTED.fullmatch(first) or _ATTACHED.fullmatch(first)):
        return caption, "text"
    if text.endswith(">") and (attached := _CAPTION_BEFORE.search(text)) and attached.start():
        return text[: attached.start()], "text"
    if (bracket and text.startswith(MARK)) or _OWN.fullmatch(bare):
        return bare, "system"
    return text, "text"


def _is_media(text: str, *, bracket: bool) -> bool:
    words = text.replace(MARK, "")
    patterns = (
        *(_OMITTED, _ATTACHED, _OTHER_MEDIA),
        *((_MEDIA_IN_BRACKETS,) if bracket else ()),
        *((_MEDIA_BEHIND_A_MARK, _DOCUMENT_BEHIND_A_MARK) if bracket and MARK in text else ()),
    )
    return any(pattern.fullmatch(words) for pattern in patterns)
