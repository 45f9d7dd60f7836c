import { defineStrings } from "../i18n/strings";

export const sessionStrings = defineStrings(
  "session",
  {
    title: "Sign in",
    about: "Mobile device management for hospitals",
    username: "User name",
    password: "Password",
    otp: "One-time code",
    otpHint: "6 digits from your authenticator app, if your account has one",
    submit: "Sign in",
    passkey: "Sign in with a passkey",
    failed: "That did not work. The user name, the password or the code is wrong; which one is not told. A code is good once: wait for the next one.",
    tooMany: "Too many attempts. Wait a little and try again.",
    expiredTitle: "Your session has ended",
    expiredAbout: "Sign in again to go on where you were. Nothing that you typed is lost.",
    other: "Sign in as somebody else",
    language: "Deutsch",
  },
  {
    title: "Anmelden",
    about: "Geräteverwaltung für Krankenhäuser",
    username: "Benutzername",
    password: "Passwort",
    otp: "Einmalcode",
    otpHint: "6 Ziffern aus Ihrer Authenticator-App, falls Ihr Konto eine hat",
    submit: "Anmelden",
    passkey: "Mit einem Passkey anmelden",
    failed:
      "Das hat nicht geklappt. Benutzername, Passwort oder Code sind falsch; was davon, wird nicht gesagt. Ein Code gilt einmal: Warten Sie auf den nächsten.",
    tooMany: "Zu viele Versuche. Warten Sie ein wenig, dann versuchen Sie es noch einmal.",
    expiredTitle: "Ihre Sitzung ist zu Ende",
    expiredAbout: "Melden Sie sich an, um weiterzumachen, wo Sie waren. Nichts Eingetipptes ist verloren.",
    other: "Als jemand anderes anmelden",
    language: "English",
  },
);
