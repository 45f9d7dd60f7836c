import { createTheme, type CSSVariablesResolver } from "@mantine/core";

// Teal 9 on white and white on teal 9 have a contrast of more than 4.5 (WCAG 1.4.3).
export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: 9,
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  respectReducedMotion: true,
  // A link among words is known by its underline and not by its colour alone (WCAG 1.4.1).
  components: { Anchor: { defaultProps: { underline: "always" } } },
});

/** Secondary text, placeholders, and the text of light badges and buttons as Mantine has them fall short of a contrast of 4.5. */
export const cssVariables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": colors.gray[7],
    "--mantine-color-placeholder": colors.gray[7],
    "--mantine-color-error": colors.red[8],
    ...Object.fromEntries(Object.entries(colors).map(([name, shades]) => [`--mantine-color-${name}-light-color`, `color-mix(in srgb, ${shades[9]} 62%, black)`])),
  },
  dark: { "--mantine-color-dimmed": colors.dark[1], "--mantine-color-placeholder": colors.dark[1], "--mantine-color-error": colors.red[5] },
});
