import type { Schemas } from "../../api/client";
import type { Becomes } from "./fields";

type Body = Schemas["InvitationRequest"];

/** What the API is asked for; what was left open is left out. */
export function requestOf(value: Becomes, of: { serial?: string; delivery?: string } = {}): Body {
  return {
    class: value.class as Body["class"],
    model: value.model || undefined,
    place_id: value.place || undefined,
    owner: value.owner.trim() || undefined,
    expires_in_hours: value.hours,
    management: value.management,
    serial: of.serial,
    delivery_id: of.delivery,
  };
}
