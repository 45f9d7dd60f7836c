import { defineStrings } from "../../i18n/strings";

export const lossCodeStrings = defineStrings(
  "lossCode",
  {
    title: "Code for reporting a loss",
    about:
      "Somebody calls whose phone is gone, and has no password at hand. Make sure who it is as your hospital has it, then read the code out. It is good once, for ten minutes, for reporting one device of theirs or a shared one of their ward, and for nothing else.",
    username: "User name of the caller",
    make: "Make a code",
    code: "Code for {{name}}",
    until: "Good until {{time}}. They open self-service, choose “Report lost” and “I have no password at hand”.",
    address: "Self-service is at {{url}}",
    another: "For somebody else",
  },
  {
    title: "Code für eine Verlustmeldung",
    about:
      "Jemand ruft an, dessen Telefon weg ist, und hat kein Passwort zur Hand. Vergewissern Sie sich so, wie Ihr Haus es vorsieht, wer es ist, und lesen Sie dann den Code vor. Er gilt einmal, zehn Minuten lang, um ein eigenes Gerät oder ein gemeinsames der Station zu melden, und für nichts sonst.",
    username: "Benutzername der Anruferin oder des Anrufers",
    make: "Code machen",
    code: "Code für {{name}}",
    until: "Gilt bis {{time}}. In der Selbstbedienung „Verlust melden“ und „Ich habe kein Passwort zur Hand“ wählen.",
    address: "Die Selbstbedienung ist unter {{url}}",
    another: "Für jemand anderen",
  },
);
