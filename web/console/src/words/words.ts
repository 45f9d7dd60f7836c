import { defineStrings, useT } from "../i18n/strings";
import { de } from "./de";
import { en } from "./en";

export const words = defineStrings("words", en, de);

type Vocabulary = typeof en;

/**
 * Says what a value of the API is called: `say("class", device.class)`. A value
 * that this console does not know, from a newer server, is shown as it came.
 */
export function useWords(): (list: keyof Vocabulary, value: string | undefined) => string {
  const t = useT(words);
  return (list, value) => {
    if (!value) return "";
    return value in en[list] ? t(`${list}.${value}` as Parameters<typeof t>[0]) : value;
  };
}

/** The values of a vocabulary in the order in which people are shown them. */
export function valuesOf<L extends keyof Vocabulary>(list: L): (keyof Vocabulary[L] & string)[] {
  return Object.keys(en[list]) as (keyof Vocabulary[L] & string)[];
}
