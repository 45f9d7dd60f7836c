import { Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";
import { useT } from "../../i18n/strings";
import { uiStrings } from "../../ui/strings";
import { useWords } from "../../words/words";
import { useCommand } from "../commands/useCommand";
import { ActionForm } from "./ActionForm";
import { BatchForm } from "./BatchForm";
import { Follower } from "./Follower";
import { closeAction, type Action } from "./openAction";
import { actionsStrings } from "./strings";

/** The one dialog in which an action is explained, asked for, and followed to its end. */
export default function ActionDialog({ action }: { action: Action }) {
  const ui = useT(uiStrings);
  const small = useMediaQuery("(max-width: 36em)");
  const title = useTitle(action);
  return (
    <Modal
      opened
      onClose={closeAction}
      title={title}
      size={620}
      fullScreen={small}
      // A click beside the dialog must not throw away what was typed.
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": ui("close") }}
      styles={{ title: { fontWeight: 600 } }}
      transitionProps={{ duration: 100 }}
    >
      <Content action={action} />
    </Modal>
  );
}

function Content({ action }: { action: Action }) {
  const [asked, setAsked] = useState<string>();
  if ("follow" in action) return <Follower id={action.follow} />;
  if ("devices" in action) return <BatchForm kind={action.kind} devices={action.devices} onDone={action.onDone} />;
  if (asked) return <Follower id={asked} />;
  return <ActionForm kind={action.kind} device={action.device} onAsked={setAsked} />;
}

function useTitle(action: Action): string {
  const t = useT(actionsStrings);
  const say = useWords();
  const followed = useCommand("follow" in action ? action.follow : undefined).data;
  if ("devices" in action) return t("batch.title", { kind: say("kind", action.kind), count: action.devices.length });
  const kind = "follow" in action ? followed?.kind : action.kind;
  const device = "follow" in action ? followed?.device : action.device;
  return kind && device ? t("title", { kind: say("kind", kind), device: device.asset_tag ? `${device.serial} · ${device.asset_tag}` : device.serial }) : "";
}
