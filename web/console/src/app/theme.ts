import { createTheme } from "@mantine/core";

// Teal 9 on white and white on teal 9 have a contrast of more than 4.5 (WCAG 1.4.3).
export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 9, dark: 8 },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  respectReducedMotion: true,
});
