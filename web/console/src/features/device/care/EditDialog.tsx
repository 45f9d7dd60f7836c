import { Alert, Button, Group, List, Select, TagsInput, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../../api/client";
import { fieldProblem, problemOf } from "../../../api/problem";
import { useT } from "../../../i18n/strings";
import { useActorWords } from "../momentWords";
import { usePlaces } from "../PlaceTree";
import { useTimeline } from "../Timeline";
import { nameOf } from "../useDevice";
import { CareDialog, useRecorded, type CareProps } from "./CareDialog";
import { careStrings } from "./strings";
import { useEdit, type Fields, type Name } from "./useEdit";

const labels = { asset_tag: "editing.assetTag", owner: "editing.owner", place_id: "editing.place", tags: "editing.tags" } as const satisfies Record<Name, string>;

/** Changes what people know of a device; what others change meanwhile is shown, and nothing typed is lost. */
export default function EditDialog({ device, onClose }: CareProps) {
  const t = useT(careStrings);
  const client = useQueryClient();
  const recorded = useRecorded(onClose);
  const edit = useEdit(device);
  const inWords = useInWords();
  const places = usePlaces();
  const [tried, setTried] = useState(false);
  const save = api.useMutation("patch", "/api/v1/devices/{id}");
  const problem = save.error ? problemOf(save.error) : undefined;
  const overtaken = problem?.code === "changed_meanwhile";
  const submit = () => {
    setTried(true);
    if (edit.conflicts.length > 0) return;
    const body = edit.change();
    if (Object.keys(body).length === 0) return onClose();
    save.mutate(
      { params: { path: { id: device.id }, header: { "If-Match": `"${device.version}"` } }, body },
      { onSuccess: () => recorded(t("editing.done", { device: nameOf(device) })), onError: () => void client.invalidateQueries() },
    );
  };
  const conflictAt = (name: Name) =>
    edit.conflicts.includes(name) && <Conflict theirs={inWords(name, edit.now[name])} onMine={() => edit.keepMine(name)} onTheirs={() => edit.takeTheirs(name)} />;
  const at = (name: Name) => fieldProblem(problem, name);
  return (
    <CareDialog
      title={t("editing.title", { device: nameOf(device) })}
      submit={t("save")}
      busy={save.isPending}
      {...(problem && !overtaken && { problem })}
      fields={["asset_tag", "owner", "place_id", "tags"]}
      onSubmit={submit}
      onClose={onClose}
    >
      {edit.others.length > 0 ? <Meanwhile edit={edit} device={device} undecided={tried && edit.conflicts.length > 0} /> : overtaken && <Alert color="orange" role="alert" py="xs">{t("editing.again")}</Alert>}
      <div>
        <TextInput label={t("editing.assetTag")} maxLength={64} value={edit.value("asset_tag")} error={at("asset_tag")} data-autofocus onChange={(event) => edit.type("asset_tag", event.currentTarget.value)} />
        {conflictAt("asset_tag")}
      </div>
      <div>
        <TextInput label={t("editing.owner")} description={t("editing.ownerHint")} maxLength={120} value={edit.value("owner")} error={at("owner")} onChange={(event) => edit.type("owner", event.currentTarget.value)} />
        {conflictAt("owner")}
      </div>
      <div>
        <Select
          label={t("editing.place")}
          placeholder={t("editing.noPlace")}
          data={[...(places?.values() ?? [])].map((place) => ({ value: place.id, label: place.words }))}
          searchable
          clearable
          limit={50}
          value={edit.value("place_id") || null}
          error={at("place_id")}
          onChange={(value) => edit.type("place_id", value ?? "")}
        />
        {conflictAt("place_id")}
      </div>
      <div>
        <TagsInput label={t("editing.tags")} description={t("editing.tagsHint")} maxTags={20} value={edit.value("tags")} error={at("tags")} onChange={(value) => edit.type("tags", value)} />
        {conflictAt("tags")}
      </div>
    </CareDialog>
  );
}

/** The value of a field in words. */
function useInWords(): (name: Name, value: Fields[Name]) => string {
  const t = useT(careStrings);
  const places = usePlaces();
  return (name, value) => {
    const text = Array.isArray(value) ? value.join(", ") : value;
    return (name === "place_id" ? (places?.get(text)?.words ?? text) : text) || t("editing.nothing");
  };
}

/** What somebody else saved while the dialog was open. */
function Meanwhile({ edit, device, undecided }: { edit: ReturnType<typeof useEdit>; device: CareProps["device"]; undecided: boolean }) {
  const t = useT(careStrings);
  const inWords = useInWords();
  const actor = useActorWords();
  const last = useTimeline(device.id).data?.pages[0]?.items.find((moment) => moment.action === "device.changed");
  return (
    <Alert color="orange" role="alert" title={last ? t("editing.meanwhileBy", { who: actor(last) }) : t("editing.meanwhile")}>
      <List size="sm">
        {edit.others.map((name) => (
          <List.Item key={name}>{t("editing.change", { field: t(labels[name]), was: inWords(name, edit.opened[name]), became: inWords(name, edit.now[name]) })}</List.Item>
        ))}
      </List>
      <Text size="sm" mt={4} fw={undecided ? 700 : undefined}>
        {t("editing.kept")} {edit.conflicts.length > 0 && t("editing.decide")}
      </Text>
    </Alert>
  );
}

function Conflict({ theirs, onMine, onTheirs }: { theirs: string; onMine: () => void; onTheirs: () => void }) {
  const t = useT(careStrings);
  return (
    <Group gap="xs" mt={6}>
      <Text size="sm">{t("editing.conflict", { theirs })}</Text>
      <Button size="compact-xs" variant="default" onClick={onMine}>
        {t("editing.mine")}
      </Button>
      <Button size="compact-xs" variant="default" onClick={onTheirs}>
        {t("editing.theirs")}
      </Button>
    </Group>
  );
}
