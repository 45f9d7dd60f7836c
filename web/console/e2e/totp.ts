import { createHmac } from "node:crypto";

const step = 30_000;
const onItsWay = 10_000;

function base32(text: string): Buffer {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const c of text.replace(/=+$/, "").toUpperCase()) bits += alphabet.indexOf(c).toString(2).padStart(5, "0");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}

function code(secret: string, counter: number): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac("sha1", base32(secret)).update(message).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/**
 * Somebody's authenticator app (RFC 6238). A code works once, and never one that
 * is older than the last: the next code that is still good is given, and waited
 * for when all that are good have been used.
 */
export class Authenticator {
  private last = 0;

  constructor(private readonly secret: string) {}

  async next(): Promise<string> {
    // The server takes the code of the step before for as long as this step lasts:
    // one that would run out on its way is not given.
    const counter = Math.max(this.last + 1, Math.floor((Date.now() + onItsWay) / step) - 1);
    this.last = counter;
    // The server takes the codes one step before and after its own.
    const early = (counter - 1) * step - Date.now();
    if (early > 0) await new Promise((go) => setTimeout(go, early + 500));
    return code(this.secret, counter);
  }
}
