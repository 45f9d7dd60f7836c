import { problemOf } from "../api/problem";

// The corner where these stand is loaded with the first of them: NotificationCorner
// hears of it by an event, as the palette does.
export const firstNotice = "wardline-first-notice";
const shown = () => {
  window.dispatchEvent(new Event(firstNotice));
  return import("@mantine/notifications").then((module) => module.notifications);
};

/** Says that something was done. It goes away by itself: what must be kept in mind belongs on the screen. */
export function notifyDone(message: string): void {
  void shown().then((notifications) => notifications.show({ message, color: "green" }));
}

/** Says that something could not be done, where there is no better place for it. It stays until it is closed. */
export function notifyProblem(title: string, error: unknown): void {
  const { detail, help } = problemOf(error);
  void shown().then((notifications) => notifications.show({ title, message: [detail, help].filter(Boolean).join(" "), color: "red", autoClose: false }));
}
