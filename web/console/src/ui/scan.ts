import type { KeyboardEvent } from "react";

/** What stands between the fields of a GS1 barcode. */
const separator = "\x1d";

/**
 * Scanners type a barcode's separator as Ctrl and ], which a browser swallows.
 * The answer is what the field then holds; undefined for every other key.
 */
export function withSeparator(event: KeyboardEvent<HTMLInputElement>): string | undefined {
  const { ctrlKey, altKey, metaKey, key, code, currentTarget: input } = event;
  if (key !== separator && !(ctrlKey && !altKey && !metaKey && (key === "]" || code === "BracketRight"))) return undefined;
  event.preventDefault();
  const at = input.selectionStart ?? input.value.length;
  return input.value.slice(0, at) + separator + input.value.slice(input.selectionEnd ?? at);
}
