import { notifications } from "@mantine/notifications";
import { problemOf } from "../api/problem";

/** Says that something was done. It goes away by itself: what must be kept in mind belongs on the screen. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: "green" });
}

/** Says that something could not be done, where there is no better place for it. It stays until it is closed. */
export function notifyProblem(title: string, error: unknown): void {
  const { detail, help } = problemOf(error);
  notifications.show({ title, message: [detail, help].filter(Boolean).join(" "), color: "red", autoClose: false });
}
