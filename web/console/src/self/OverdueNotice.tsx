import { Alert, Button } from "@mantine/core";
import { Link } from "wouter";
import { shortTime } from "../i18n/format";
import { useT } from "../i18n/strings";
import { handheldStrings } from "./handheldStrings";
import { self } from "./session";

/** On the first page: a shared handheld on my name should be back. */
export default function OverdueNotice() {
  const t = useT(handheldStrings);
  const late = self.useQuery("get", "/api/v1/self/handhelds").data?.mine.filter((handheld) => handheld.state === "overdue") ?? [];
  return late.map((handheld) => (
    <Alert key={handheld.id} role="status" color="orange" variant="light" title={t("late", { label: handheld.label, time: shortTime(handheld.due_at ?? "") })}>
      <Button component={Link} href="/handhelds" variant="default" mt="xs">
        {t("lateOpen")}
      </Button>
    </Alert>
  ));
}
