import { useTranslation } from "react-i18next";
import i18next from "./i18n";

type PluralForm = "zero" | "one" | "two" | "few" | "many" | "other";
type WithoutPlural<K extends string> = K extends `${infer Base}_${PluralForm}` ? Base : K;
type Key<T, Prefix extends string = ""> = {
  [K in keyof T & string]: T[K] extends string ? `${Prefix}${WithoutPlural<K>}` : Key<T[K], `${Prefix}${K}.`>;
}[keyof T & string];

/** The same keys as the English texts, in another language. */
export type Translation<T> = { [K in keyof T]: T[K] extends string ? string : Translation<T[K]> };

/** The texts of one part of the console. */
export interface Strings<E> {
  readonly namespace: string;
  readonly en: E;
}

/** Looks a text up. `{{name}}` in the text takes params.name; `count` chooses the plural (`key_one`, `key_other`). */
export type T<E> = (key: Key<E>, params?: Record<string, string | number>) => string;

/**
 * Makes the texts of one part of the console known. English decides which keys
 * there are; the other languages must have exactly these, or nothing compiles.
 */
export function defineStrings<const E>(namespace: string, en: E, de: Translation<E>): Strings<E> {
  i18next.addResourceBundle("en", namespace, en);
  i18next.addResourceBundle("de", namespace, de);
  return { namespace, en };
}

/** The texts in the language of the reader; the component is drawn anew when they choose another. */
export function useT<E>(strings: Strings<E>): T<E> {
  const { t } = useTranslation(strings.namespace);
  return t as unknown as T<E>;
}

/** The same outside of components. */
export function translate<E>(strings: Strings<E>, key: Key<E>, params?: Record<string, string | number>): string {
  return i18next.t(key as string, { ns: strings.namespace, ...params });
}
