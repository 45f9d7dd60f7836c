import js from "@eslint/js";
import i18next from "eslint-plugin-i18next";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["node_modules", "src/api/schema.d.ts", "test-results", "playwright-report"] },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    files: ["src/**/*.{ts,tsx}"],
    extends: [a11y.flatConfigs.strict, hooks.configs.flat["recommended-latest"]],
    plugins: { i18next },
    languageOptions: { globals: globals.browser },
    rules: {
      // Every word that people read comes from a strings file, in each language.
      "i18next/no-literal-string": ["error", { mode: "jsx-text-only" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
      // The compiler of React is not used: its advice is not ours.
      "react-hooks/incompatible-library": "off",
    },
  },
  {
    // Pages and dialogs that open with the field to type into take the focus, as
    // the practice for dialogs has it (WAI-ARIA APG).
    files: ["src/**/*.tsx"],
    rules: { "jsx-a11y/no-autofocus": "off" },
  },
);
