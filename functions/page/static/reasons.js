// Why something was refused or failed, in the reader's language. The endpoint says it in English: its code and its
// field choose the words here, and of some sentences the values are taken over.
import { Refused, Unreachable } from "./api.js";
import { maybe, number, shown, t } from "./words.js";

const SPEAKERS = /The speakers are (?<speakers>.*)\. Choose one: set/s;

// The endpoint's sentences by the name of the error: the first that fits tells which words to use.
const SENTENCES = {
  UnknownSpeaker: {
    called: new RegExp(`^No speaker is called (?<quote>['"])(?<wanted>.*)\\k<quote>\\. ${SPEAKERS.source}`, "s"),
    unnamed: SPEAKERS,
    alone: /^Only (?<speakers>.*) writes here/s,
    silent: /^Nobody writes text here/,
  },
  TooFewExamples: {
    few: /^The export gives (?<count>\d+) examples? of (?<speaker>.*) answering, and a fine-tune needs (?<needed>\d+)\./s,
  },
  UnreadableExport: {
    empty: / is empty\. Maltu reads/,
    telegram: / is Telegram's HTML export\. /,
    meta: / is Instagram's or Facebook's HTML export\. /,
    discord: / is DiscordChatExporter's (?:HTML export|plain text)\. /,
    backup: / (?:is|but) a (?:database|phone's backup)[,.]| is (?:KakaoTalk's own database|WhatsApp's backup), /,
    packed: / is a (?:gzip|7-Zip|RAR) archive\. /,
    mail: / is an e-mail\. /,
    picture: / is a (?:PNG|JPEG|GIF|WebP|HEIC) picture\. Maltu reads/,
    pdf: / is a PDF document\. Maltu reads/,
    office: / is an office document\. /,
    encrypted: / is encrypted\. /,
    damaged: / is a damaged zip archive\. /,
    without: /zip archive without (?:a file|an export)|^None of the \d+ texts in /,
    large: /unpacks? to [\d,]+ bytes|is larger than [\d,]+ bytes/,
    columns: / has the columns /,
  },
};

// The names of errors by the codes that the endpoint answers them with.
const NAMES = { unreadable_export: "UnreadableExport" };

// Where the endpoint's words add nothing.
const isSaid = ({ status }) => [401, 429].includes(status) || status >= 500;

/** What an error says and what to do: in the reader's language where there are words for it, else null. */
export function reasonOf(name, text) {
  for (const [kind, sentence] of Object.entries(SENTENCES[name] ?? {})) {
    const found = sentence.exec(text);
    if (found) return t(`reason.${name}.${kind}`, { ...found.groups, speakers: speakers(found.groups?.speakers) });
  }
  return maybe(`reason.${name}`, null);
}

function speakers(listed = "") {
  return listed
    .replace(/\(([\d,]+) messages?\)/g, (_, count) => `(${t("messages.count", { count })})`)
    .replace(/, (\d+) more$/, (_, count) => `, ${t("moreSpeakers", { count: number(Number(count)) })}`);
}

/**
 * What went wrong: a sentence, what to do, and the endpoint's own words; `plain` where only those tell the reason.
 */
export function explain(error) {
  if (error instanceof Unreachable) return { title: t("error.unreachable"), advice: null, detail: null };
  if (!(error instanceof Refused)) return { title: t("error.unexpected"), advice: null, detail: error.message, plain: true };
  const param = error.param?.replace(/\.\d+/g, "");
  const byStatus = error.status >= 500 ? "error.server" : `error.${error.status}`;
  // Of 400 there are as many kinds as fields.
  const exact = maybe(`error.${error.code}`, maybe(`error.400.${param}`, error.status === 400 ? null : maybe(byStatus, null)));
  const advice = NAMES[error.code] ? reasonOf(NAMES[error.code], error.message) : null;
  return {
    title: exact ?? maybe(byStatus, t("error.refused")),
    advice,
    detail: isSaid(error) ? null : error.message || null,
    plain: shown() === "en" ? !advice : !exact,
  };
}
