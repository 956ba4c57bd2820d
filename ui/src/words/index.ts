/**
 * Every text of the pages comes from one dictionary, so that a language is one more file.
 *
 * A text may hold `{name}` places; one that depends on a count `n` has plural forms.
 */

import { en } from "./en";

type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Dictionary = Record<keyof typeof en, Text>;
export type Word = keyof Dictionary;
type Places = Record<string, string | number>;

/** How numbers and times are written: a clock of 24 hours, as on every panel. */
export const locale = "en-GB";
const dictionary: Dictionary = en;
const plurals = new Intl.PluralRules(locale);

export function t(word: Word, places: Places = {}): string {
  const text = dictionary[word];
  const form =
    typeof text === "string" ? text : (text[plurals.select(Number(places.n))] ?? text.other);
  return (form ?? word).replace(/\{(\w+)\}/g, (_, name: string) => String(places[name] ?? ""));
}

/** The text of a word that is put together from what came on the wire, if there is one. */
export function maybe(word: string, places: Places = {}): string | null {
  return Object.hasOwn(dictionary, word) ? t(word as Word, places) : null;
}
