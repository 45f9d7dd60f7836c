import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useT } from "../../i18n/strings";
import classes from "./device.module.css";
import { deviceStrings } from "./strings";

/** A text with a button that copies it. */
export function CopyText({ what, text, mono }: { what: string; text: string; mono?: boolean }) {
  const t = useT(deviceStrings);
  return (
    <span className={classes.copied}>
      <span className={mono ? classes.mono : undefined}>{text}</span>
      <CopyButton value={text} timeout={1500}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t("copied") : t("copy", { what })} withArrow>
            <ActionIcon variant="subtle" color="gray" size={24} onClick={copy} aria-label={copied ? t("copied") : t("copy", { what })} className={classes.noPrint}>
              {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </span>
  );
}
