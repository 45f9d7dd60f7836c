import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { RouteButton } from "../../ui/RouteLink";
import { CancelInvitation } from "./CancelInvitation";
import { enrollmentStrings } from "./strings";

/** What can be done with an invitation. */
export function Doings({ invitation: i }: { invitation: Schemas["InvitationView"] }) {
  const t = useT(enrollmentStrings);
  const may = useMay();
  return (
    <>
      {i.progress.device_id && may("devices.read") && (
        <RouteButton to={`/devices/${i.progress.device_id}`} variant="default">
          {t("openDevice")}
        </RouteButton>
      )}
      {(i.state === "open" || i.state === "expired") && may("invitations.revoke") && <CancelInvitation id={i.id} />}
    </>
  );
}
