import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { enrollmentStrings } from "./strings";

/** For whom or what an invitation is, in a few words. */
export function useWhom(): (i: Schemas["InvitationView"]) => string {
  const t = useT(enrollmentStrings);
  return (i) => {
    if (i.for === "delivery") return t("forDelivery", { name: i.progress.delivery_name });
    return i.for === "person" ? i.owner : i.serial;
  };
}
