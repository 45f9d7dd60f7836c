import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { rest } from "../../api/client";
import { text } from "../../ui/useAddress";

/** What the list shows, as it stands in the address. */
export interface Filters {
  q: string | undefined;
  role: string | undefined;
  status: "active" | "disabled" | undefined;
  factor: "with" | "without" | undefined;
}

const oneOf = <T extends string>(value: string | undefined, ...known: T[]): T | undefined => known.find((one) => one === value);

export function readFilters(raw: Record<string, unknown>): Filters {
  return {
    q: text(raw, "q") || undefined,
    role: text(raw, "role"),
    status: oneOf(text(raw, "status"), "active", "disabled"),
    factor: oneOf(text(raw, "factor"), "with", "without"),
  };
}

export const nothingChosen = { q: undefined, role: undefined, status: undefined, factor: undefined };

export function isNarrowed(filters: Filters): boolean {
  return Object.values(filters).some((one) => one !== undefined);
}

/** The accounts that match, page by page. */
export function usePeople({ q, role, status, factor }: Filters) {
  const query = { q, role: role as never, status, second_factor: factor, limit: 100 };
  return useInfiniteQuery({
    queryKey: ["get", "/api/v1/accounts", "pages", query],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const { data, error } = await rest.GET("/api/v1/accounts", { params: { query: { ...query, cursor: pageParam || undefined } }, signal });
      if (error) throw error;
      return data;
    },
    getNextPageParam: (page) => page.next_cursor || undefined,
    placeholderData: keepPreviousData,
  });
}
