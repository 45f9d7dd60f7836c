import { inflateSync } from "node:zlib";

/**
 * The words on each page of a PDF as Chromium prints it: plain objects, one
 * compressed stream for each page, fonts with a table of what their glyphs mean.
 * The words come in the order of printing, cells after each other.
 */
export function pagesOf(pdf: Buffer): string[] {
  const file = new Objects(pdf);
  return file.all(/\/Type\s*\/Page\b(?!s)/).map((page) => {
    const resources = file.follow(page, "Resources") ?? page;
    const fonts = file.follow(resources, "Font") ?? resources;
    const maps = new Map([...fonts.matchAll(/\/(F\d+)\s+(\d+) 0 R/g)].map(([, name, id]) => [name, file.meaning(id)]));
    const contents = [...(/\/Contents\s*(\[[^\]]*\]|\d+ 0 R)/.exec(page)?.[1] ?? "").matchAll(/(\d+) 0 R/g)];
    return words(contents.map(([, id]) => file.stream(id)).join("\n"), maps);
  });
}

type Glyphs = Map<string, string>;

class Objects {
  private readonly byId = new Map<string, { head: string; from: number; to: number }>();

  constructor(private readonly pdf: Buffer) {
    const text = pdf.toString("latin1");
    for (const match of text.matchAll(/(?:^|\n)(\d+) 0 obj\s([\s\S]*?)(?:stream\r?\n|endobj)/g)) {
      const from = match.index + match[0].length;
      this.byId.set(match[1] ?? "", { head: match[2] ?? "", from, to: text.indexOf("endstream", from) });
    }
  }

  all(kind: RegExp): string[] {
    return [...this.byId.values()].map((object) => object.head).filter((head) => kind.test(head));
  }

  /** The object that a name in a dictionary refers to. */
  follow(head: string, name: string): string | undefined {
    const id = new RegExp(`/${name}\\s+(\\d+) 0 R`).exec(head)?.[1];
    return id && this.byId.get(id)?.head;
  }

  stream(id: string | undefined): string {
    const object = this.byId.get(id ?? "");
    if (!object) return "";
    const bytes = this.pdf.subarray(object.from, object.to);
    return (object.head.includes("/FlateDecode") ? inflateSync(bytes) : bytes).toString("latin1");
  }

  /** What the glyphs of a font mean, from its table ToUnicode. */
  meaning(fontId: string | undefined): Glyphs {
    const head = this.byId.get(fontId ?? "")?.head ?? "";
    const table = this.stream(/\/ToUnicode (\d+) 0 R/.exec(head)?.[1]);
    const glyphs: Glyphs = new Map();
    for (const [, block] of table.matchAll(/beginbfchar([\s\S]*?)endbfchar/g)) {
      for (const [, code = "", means = ""] of (block ?? "").matchAll(/<(\w+)>\s*<(\w+)>/g)) glyphs.set(code.toUpperCase(), unicode(means));
    }
    for (const [, block] of table.matchAll(/beginbfrange([\s\S]*?)endbfrange/g)) {
      for (const [, low = "", high = "", first = ""] of (block ?? "").matchAll(/<(\w+)>\s*<(\w+)>\s*<(\w+)>/g)) {
        for (let i = parseInt(low, 16); i <= parseInt(high, 16); i++) {
          glyphs.set(hex(i), unicode(hex(parseInt(first, 16) + i - parseInt(low, 16))));
        }
      }
    }
    return glyphs;
  }
}

const hex = (n: number) => n.toString(16).toUpperCase().padStart(4, "0");
const unicode = (text: string) => (text.match(/.{4}/g) ?? []).map((unit) => String.fromCharCode(parseInt(unit, 16))).join("");

function words(content: string, maps: Map<string | undefined, Glyphs>): string {
  let font: Glyphs = new Map();
  let out = "";
  for (const [, name, shown, moved] of content.matchAll(/\/(F\d+) [\d.]+ Tf|((?:<[0-9A-Fa-f]+>|\[[^\]]*\])\s*TJ?j?)|(\bBT\b|\bT[dm*]\b)/g)) {
    if (name) font = maps.get(name) ?? font;
    if (moved === "BT") out += " ";
    for (const [, codes = ""] of (shown ?? "").matchAll(/<([0-9A-Fa-f]+)>/g)) {
      for (const code of codes.toUpperCase().match(/.{4}/g) ?? []) out += font.get(code) ?? "";
    }
  }
  return out;
}
