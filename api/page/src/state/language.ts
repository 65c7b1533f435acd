// Chinese and English: chosen by the browser's language, switchable, kept on this device.
import { signal } from "@preact/signals";

export type Language = "zh" | "en";
export interface Both<T> { en: T; zh: T }

const KEY = "yanji.language";

function first(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === "zh" || kept === "en") return kept;
  const preferred = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag));
  return preferred?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = signal<Language>(first());

export function choose(chosen: Language): void {
  language.value = chosen;
  localStorage.setItem(KEY, chosen);
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
}

document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";

/** Both languages of one part of the page; the type makes sure that neither lacks a word. */
export function both<T>(en: T, zh: NoInfer<T>): Both<T> {
  return { en, zh };
}

/** The words in the language of now; reading it makes a component follow the switch. */
export function say<T>(words: Both<T>): T {
  return words[language.value];
}
