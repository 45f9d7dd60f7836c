import { Button, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconSearch, IconUsers } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { later } from "../../ui/later";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { useAddress } from "../../ui/useAddress";
import { useNow } from "../../ui/useNow";
import { useWords, valuesOf } from "../../words/words";
import { Changes } from "./Changes";
import { isOver } from "./person";
import { PeopleTable } from "./PeopleTable";
import { peopleStrings } from "./strings";
import { isNarrowed, nothingChosen, readFilters, usePeople, type Filters } from "./usePeople";

const AddPerson = later(() => import("./AddPerson").then((module) => module.AddPerson));

type Set = (change: Record<string, unknown>, how?: { replace?: boolean }) => void;

/** Who may sign in, what they may do, and which rights wait for a second person. */
export default function PeoplePage() {
  const t = useT(peopleStrings);
  const may = useMay();
  const now = useNow();
  const [filters, set] = useAddress(readFilters);
  const [adding, setAdding] = useState(false);
  const people = usePeople(filters);
  const changes = api.useQuery("get", "/api/v1/account-changes");
  const waiting = useMemo(() => new Set(changes.data?.items.filter((one) => !isOver(one, now)).map((one) => one.account_id)), [changes.data, now]);
  return (
    <Page
      title={t("title")}
      about={t("about")}
      actions={
        may("accounts.manage") && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
            {t("add")}
          </Button>
        )
      }
    >
      <Changes query={changes} />
      <FilterRow filters={filters} set={set} />
      <QueryView query={people} isEmpty={(data) => data.pages[0]?.items.length === 0} empty={<Nobody narrowed={isNarrowed(filters)} set={set} />}>
        {() => <PeopleTable people={people} waiting={waiting} about={JSON.stringify(filters)} />}
      </QueryView>
      {adding && <AddPerson onClose={() => setAdding(false)} />}
    </Page>
  );
}

function FilterRow({ filters, set }: { filters: Filters; set: Set }) {
  const t = useT(peopleStrings);
  const say = useWords();
  const [typed, setTyped] = useState({ q: filters.q ?? "", of: filters.q });
  // What stands in the address was changed by a link, "back", or the button that shows everybody.
  if (typed.of !== filters.q) setTyped({ q: filters.q ?? "", of: filters.q });
  const search = useDebouncedCallback((q: string) => set({ q: q.trim() || undefined }, { replace: true }), 250);
  const select = (name: "role" | "status" | "factor", every: string, data: { value: string; label: string }[]) => (
    <Select
      aria-label={t(name)}
      data={[{ value: "", label: every }, ...data]}
      value={filters[name] ?? ""}
      onChange={(value) => set({ [name]: value || undefined })}
      allowDeselect={false}
      checkIconPosition="right"
      w={{ base: "100%", xs: 230 }}
    />
  );
  return (
    <Group gap="xs" role="search" aria-label={t("search")}>
      <TextInput
        aria-label={t("search")}
        placeholder={t("searchHint")}
        leftSection={<IconSearch size={16} aria-hidden />}
        type="search"
        maxLength={200}
        value={typed.q}
        onChange={(event) => {
          setTyped({ ...typed, q: event.currentTarget.value });
          search(event.currentTarget.value);
        }}
        w={{ base: "100%", xs: 240 }}
      />
      {select(
        "role",
        t("anyRole"),
        valuesOf("role").map((value) => ({ value, label: say("role", value) })),
      )}
      {select("status", t("anyStatus"), [
        { value: "active", label: t("active") },
        { value: "disabled", label: t("disabled") },
      ])}
      {select("factor", t("anyFactor"), [
        { value: "with", label: `${t("factor")}: ${t("withFactor")}` },
        { value: "without", label: `${t("factor")}: ${t("withoutFactor")}` },
      ])}
    </Group>
  );
}

function Nobody({ narrowed, set }: { narrowed: boolean; set: Set }) {
  const t = useT(peopleStrings);
  if (!narrowed) return <Empty icon={IconUsers} title={t("empty")} />;
  return (
    <Empty icon={IconUsers} title={t("noMatch")}>
      {t("noMatchText")}
      <div>
        <Button mt="sm" variant="default" onClick={() => set(nothingChosen)}>
          {t("clear")}
        </Button>
      </div>
    </Empty>
  );
}
