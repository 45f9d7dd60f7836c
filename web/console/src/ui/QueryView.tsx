import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import { useT } from "../i18n/strings";
import { ProblemAlert } from "./ProblemAlert";
import { uiStrings } from "./strings";

/** What a query of TanStack Query is, as far as this file cares. */
interface Query<Data> {
  data: Data | undefined;
  error: unknown;
  refetch: () => unknown;
}

interface Props<Data> {
  query: Query<Data>;
  /** What is shown while nothing is there yet; default: grey lines. */
  loading?: ReactNode;
  /** When it says that there is nothing to show, `empty` is shown. */
  isEmpty?: (data: Data) => boolean;
  empty?: ReactNode;
  children: (data: Data) => ReactNode;
}

/**
 * The states every read has: loading, error, empty, there. What was read once
 * stays on the screen when a later read fails, with the error above it.
 */
export function QueryView<Data>({ query, loading, isEmpty, empty, children }: Props<Data>) {
  if (query.data === undefined) {
    if (query.error) return <ProblemAlert reading error={query.error} retry={() => void query.refetch()} />;
    return <Loading>{loading}</Loading>;
  }
  return (
    <>
      {query.error ? <ProblemAlert reading error={query.error} retry={() => void query.refetch()} /> : null}
      {isEmpty?.(query.data) ? empty : children(query.data)}
    </>
  );
}

export function Loading({ children }: { children?: ReactNode }) {
  const t = useT(uiStrings);
  return (
    <div aria-busy="true">
      <VisuallyHidden role="status">{t("loading")}</VisuallyHidden>
      {children ?? (
        <Stack gap="xs">
          {[90, 75, 82, 60, 70].map((width) => (
            <Skeleton key={width} height={18} width={`${width}%`} />
          ))}
        </Stack>
      )}
    </div>
  );
}
