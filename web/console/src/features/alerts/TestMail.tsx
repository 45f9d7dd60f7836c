import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../api/client";
import { problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Part } from "../account/Line";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { alertsStrings } from "./strings";

/** Sends a test to a mail address, and shows what becomes of it. */
export function TestMail() {
  const t = useT(alertsStrings);
  const may = useMay();
  const navigate = useNavigate();
  const [address, setAddress] = useState("");
  const test = api.useMutation("post", "/api/v1/alert-tests", {
    onSuccess: (alert) => {
      notifyDone(t("testSent"));
      void navigate({ to: `/alerts/${alert.id}` });
    },
  });
  if (!may("settings.manage")) return null;
  return (
    <Part title={t("testTo")}>
      <Stack gap="xs">
        {test.error && <ProblemAlert error={problemOf(test.error)} />}
        <Group align="flex-end" gap="xs">
          <TextInput label={t("testAddress")} type="email" miw={240} value={address} onChange={(event) => setAddress(event.currentTarget.value)} />
          <Button variant="default" disabled={!address.includes("@")} loading={test.isPending} onClick={() => test.mutate({ body: { address: address.trim() } })}>
            {t("test")}
          </Button>
        </Group>
      </Stack>
    </Part>
  );
}
