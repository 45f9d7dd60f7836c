import { Button, Center, Loader, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useT } from "../i18n/strings";
import { Refusal } from "./Refusal";
import { selfStrings } from "./strings";

/** What is read: on its way, refused, or there. */
export function Reading<D>({ query, children }: { query: UseQueryResult<D, unknown>; children: (data: D) => ReactNode }) {
  const t = useT(selfStrings);
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isPending) {
    return (
      <Center p="xl" role="status" aria-busy="true" aria-label={t("loading")}>
        <Loader aria-hidden />
      </Center>
    );
  }
  return (
    <Stack>
      <Refusal error={query.error} />
      <Button variant="default" onClick={() => void query.refetch()}>
        {t("retry")}
      </Button>
    </Stack>
  );
}
