/** Has the browser keep a file under a name. */
export function keepFile(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has begun by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Has the browser keep a CSV file under a name. */
export function keepCsv(text: string, name: string): void {
  keepFile(new Blob([text], { type: "text/csv;charset=utf-8" }), name);
}
