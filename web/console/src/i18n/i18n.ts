import i18next from "i18next";
import { initReactI18next } from "react-i18next";

/** The languages of the console. Each is complete: a missing key does not compile (see strings.ts). */
export const languages = ["en", "de"] as const;
export type Language = (typeof languages)[number];

const storageKey = "wardline.language";

function remembered(): Language {
  const known = (tag: string | null | undefined) => languages.find((l) => tag === l || tag?.startsWith(l + "-"));
  return known(localStorage.getItem(storageKey)) ?? known(navigator.languages.find((tag) => known(tag))) ?? "en";
}

void i18next.use(initReactI18next).init({
  lng: remembered(),
  fallbackLng: "en",
  resources: {},
  initAsync: false,
  interpolation: { escapeValue: false }, // React escapes
  returnEmptyString: false,
});

document.documentElement.lang = i18next.language;

export function language(): Language {
  return languages.find((l) => l === i18next.language) ?? "en";
}

export function setLanguage(to: Language): void {
  localStorage.setItem(storageKey, to);
  document.documentElement.lang = to;
  void i18next.changeLanguage(to);
}

export default i18next;
