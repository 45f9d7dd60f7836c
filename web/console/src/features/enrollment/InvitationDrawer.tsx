import { Alert, Drawer, Stack, Table } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { Doings } from "./Doings";
import { IssuedCard } from "./IssuedCard";
import { issuedOf, useIssued } from "./issued";
import { Progress } from "./Progress";
import { enrollmentStrings } from "./strings";
import { useNames } from "./useNames";
import { uiStrings } from "../../ui/strings";

/** One invitation: what it is for, how far it is, and its code while this tab knows it. */
export function InvitationDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const t = useT(enrollmentStrings);
  const ui = useT(uiStrings);
  return (
    <Drawer closeButtonProps={{ "aria-label": ui("close") }} opened={id !== undefined} onClose={onClose} position="right" size="lg" title={t("details.title")}>
      {id && <Content id={id} />}
    </Drawer>
  );
}

function Content({ id }: { id: string }) {
  const t = useT(enrollmentStrings);
  const issued = issuedOf(useIssued(), { id });
  const query = api.useQuery("get", "/api/v1/invitations/{id}", { params: { path: { id } } });
  return (
    <QueryView query={query}>
      {(invitation) => (
        <Stack gap="md">
          {issued ? <IssuedCard issued={issued} /> : <Facts invitation={invitation} />}
          {!issued && invitation.state === "open" && (
            <Alert icon={<IconInfoCircle aria-hidden />} color="gray" variant="light">
              {t("details.codeGone")}
            </Alert>
          )}
          {!issued && <Doings invitation={invitation} />}
        </Stack>
      )}
    </QueryView>
  );
}

function Facts({ invitation: i }: { invitation: Schemas["InvitationView"] }) {
  const t = useT(enrollmentStrings);
  const say = useWords();
  const names = useNames();
  const rows: [string, React.ReactNode][] = [
    [
      t("details.for"),
      i.for === "delivery" ? <RouteLink to={`/enrollment/deliveries/${i.delivery_id}`}>{i.progress.delivery_name}</RouteLink> : i.for === "serial" ? i.serial : t("forPerson", { owner: i.owner }),
    ],
    [t("details.class"), say("class", i.class)],
    [t("details.model"), names.model(i.model) || t("details.noModel")],
    [t("details.place"), names.place(i.place_id) || t("details.noPlace")],
    [t("details.holder"), i.owner || t("details.noPlace")],
    [t("details.management"), say("management", i.management)],
    [t("details.made"), <Time key="made" at={i.created_at} />],
    [t("details.expires"), <Time key="expires" at={i.expires_at} as="clock" />],
  ];
  return (
    <>
      <Progress invitation={i} />
      <Table>
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" w="35%">
                {name}
              </Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
